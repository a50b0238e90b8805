/* cli: what a person types and sees. Main thread, but for the log's lines. */
#ifndef LOOPREC_CLI_CLI_H
#define LOOPREC_CLI_CLI_H

struct options;

/* The whole program: ARGV (UTF-8, argv[0] first) to an exit code, as section 4
 * of the design lists them. STREAMS: what console_setup_streams returned.
 * Returns when everything is finished and closed. */
int cli_main(int argc, char **argv, unsigned streams);

/* The commands behind it: each returns the exit code. */
int record_command(const struct options *o, unsigned streams);
int list_command(const struct options *o);
int list_apps_command(const struct options *o);
int repair_command(const struct options *o);
int doctor_command(const struct options *o);
int help_command(void);
int version_command(void);

#endif
