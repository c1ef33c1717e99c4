// Package cli is the command line: commands, flags, environment, terminal, signals, exit codes.
//
// [Main] runs the process; run does the same with arguments, environment and streams handed to it, so that tests call it like a
// function:
//
//	code := run(ctx, []string{"taskrecon", "plan", "x.csv"}, env, stdin, stdout, stderr)
//
// A command line flows through permute (flags may come after the file), the flags of one command, and settle, which fills in what
// variables and the configuration file say. The command's action makes a job.Config or the like, calls the package that does the work,
// and prints what comes back. runCommand prints the one object of --json and notifies others; printError prints errors.
//
// What always holds:
//
//   - Nothing but Main touches the process's streams, arguments, environment and signals.
//   - What a command answers goes to stdout, everything else to stderr. Text from elsewhere goes through text.Line.
//   - The exit code is that of the error (package exit), read in run alone.
//   - Commands and their flags are the only model: variables, configuration file, help, manual and completion derive from them.
//   - No flag, no configuration file, no log and no error holds a secret.
package cli
