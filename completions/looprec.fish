# fish completion for looprec
# What stands between "begin" and "end" comes from scripts/completions.

# What the program knows, one a line. Names that JSON has to escape are left out.
function __looprec_ask
    set -l program (string replace -r '^~' $HOME -- (commandline -opc)[1])
    $program $argv --json 2>/dev/null </dev/null | string replace -a '},{' \}\n\{
end

function __looprec_outputs
    __looprec_ask --list-devices |
        string replace -rf '^.*\{"id":"([^"\\\\]*)","name":"([^"\\\\]*)".*' '$1\t$2'
end

function __looprec_applications
    __looprec_ask --list-apps |
        string replace -rf '^.*"name":"([^"\\\\]*)","executable":"([^"\\\\]*)".*' '$2\t$1' | sort -u
end

function __looprec_folders
    __fish_complete_directories
end

# The number of words up to --, if there is one before the cursor.
function __looprec_dashes
    contains -i -- -- (commandline -opc)
end

function __looprec_command
    set -l words (commandline -opc)
    set -l rest $words[(math (__looprec_dashes) + 1)..-1]
    complete -C (string join ' ' -- (string escape -- $rest) (commandline -ct))
end

complete -c looprec -n __looprec_dashes -x -a '(__looprec_command)'
# begin fish_options
complete -c looprec -s D -l device -x -a '(__looprec_outputs)' -d 'this output: number, id, name or part of it'
complete -c looprec -l no-follow -d 'stay on the first device'
complete -c looprec -l app -x -a '(__looprec_applications)' -d 'only this application\'s tree; repeatable'
complete -c looprec -l exclude-app -x -a '(__looprec_applications)' -d 'all but this application'
complete -c looprec -l all-devices -d 'every output at once'
complete -c looprec -l keep-awake -d 'Windows: play silence, so that the output stays on'
complete -c looprec -l source -x -d 'a made-up source (synth:...), for tests; repeatable'
complete -c looprec -s l -l list-devices -d 'list the outputs and end (with --json: one array)'
complete -c looprec -s L -l list-apps -d 'list the applications that play and end'
complete -c looprec -s d -l duration -x -d 'stop after TIME: 90, 1h30m, 2d, 01:30:00, 48000f'
complete -c looprec -l wait -d 'wait for the device or application to appear'
complete -c looprec -l null-sink -d 'Linux: record a sink that only COMMAND plays into'
complete -c looprec -s t -l type -x -a 'wav rf64 w64 flac ogg opus mp3 raw null' -d 'wav, rf64, w64, flac, ogg, opus, mp3, raw, null'
complete -c looprec -s f -l format -x -a 's16 s24 s32 f32' -d 's16, s24, s32, f32; default: s16 of 16 bit, else s24'
complete -c looprec -s r -l rate -x -d 'rate of the file; default: as the source'
complete -c looprec -s c -l channels -x -d 'channels of the file; default: as the source'
complete -c looprec -l dither -d 'round to 16 bits with noise in place of distortion'
complete -c looprec -l compression -x -a '0 1 2 3 4 5 6 7 8' -d '0 large to 8 small; default 5 (mp3: 2)'
complete -c looprec -l split -x -d 'a new file each TIME (1h, 48000f) or SIZE (500M)'
complete -c looprec -l overwrite -d 'replace FILE when it exists'
complete -c looprec -l tag -x -a 'title= artist= album= tracknumber= genre= date= comment= copyright= licence= software=' -d 'a text for the file: title, artist ...; repeatable'
complete -c looprec -l buffer -x -d 'how long the disk may stall; default 10s'
complete -c looprec -l on-suspend -x -a 'cut fill split' -d 'when the computer sleeps: cut, fill or split'
complete -c looprec -s q -l quiet -d 'write errors only'
complete -c looprec -s v -l verbose -d 'write what is going on inside'
complete -c looprec -l json -d 'write one JSON object a line to standard output'
complete -c looprec -l fail-if-silent -d 'exit 3 if the peak is not above DB; default -90'
complete -c looprec -l strict -d 'exit 4 if any audio was lost'
complete -c looprec -l sync -x -d 'have it on the disk this often (power loss)'
complete -c looprec -l keep -x -d 'with --split: keep the latest files only'
complete -c looprec -l fallback -x -a '(__looprec_folders)' -d 'go on in DIR when the disk is full or fails'
complete -c looprec -l kill-on-stop -d 'end COMMAND and its children with the recording'
complete -c looprec -l until-exit -d 'end when the application of --app has ended'
complete -c looprec -l repair -d 'make the FILEs whole: wav, rf64, w64, flac'
complete -c looprec -s o -l output -r -F -d 'with --repair: a new file, the old one stays'
complete -c looprec -l dry-run -d 'with --repair: only tell what would be done'
complete -c looprec -l doctor -d 'play a short quiet sound: is it recorded? (with -D)'
complete -c looprec -s h -l help -d 'show this text'
complete -c looprec -s V -l version -d 'show the version'
# end fish_options
