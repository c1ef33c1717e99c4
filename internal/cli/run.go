package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	_ "time/tzdata" // --timezone must work where no zone files are installed

	"github.com/urfave/cli/v2"

	"taskrecon/internal/exit"
	"taskrecon/internal/graph"
	"taskrecon/internal/screen"
	"taskrecon/internal/settings"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// Main runs the program with the process's arguments, environment, streams and signals, and returns its exit
// code. The first SIGINT, SIGTERM or SIGHUP stops the run in good order, the second leaves what is in doubt unsettled, the third ends
// the process at once.
func Main() int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	state := &signalState{leave: make(chan struct{})}
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup wants it
		signal.Notify(signals, syscall.SIGHUP)
	}
	signal.Ignore(syscall.SIGPIPE) // a reader that leaves must not end a run half-way
	say := func(words string) {
		if screen.IsTerminal(os.Stderr) {
			fmt.Fprintln(os.Stderr) // behind what is drawn on the last line
		}
		fmt.Fprintln(os.Stderr, "taskrecon: "+words)
	}
	go func() {
		e := signalExit(<-signals)
		cancel(e)
		if !state.asking.Load() {
			say("stopping: no new changes leave, what was sent is settled; a second signal leaves at once")
		}
		<-signals
		close(state.leave)
		say("leaving: what is not settled counts as unknown; the report is being written")
		<-signals
		say("ended at once, without a report; taskrecon runs shows what was cut short, and how to go on")
		os.Exit(e.Code)
	}()
	return run(context.WithValue(ctx, signalKey{}, state), os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr)
}

// signalState is what signals and a run know of each other.
type signalState struct {
	leave  chan struct{} // closed when the run is to be left at once
	asking atomic.Bool   // somebody is asked, and nothing was sent
}

// signalKey is the key of a context's signalState.
type signalKey struct{}

func signalExit(s os.Signal) *exit.Error {
	if s == syscall.SIGTERM || s == syscall.SIGHUP {
		return exit.Errorf(exit.Terminated, "", "terminated before everything was sent")
	}
	return exit.Errorf(exit.Interrupt, "", "interrupted before everything was sent")
}

// program is what every command gets from outside.
type program struct {
	env    map[string]string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	args   []string

	signals *signalState
}

// run is the program. Nothing below it touches the process's streams, arguments or environment.
func run(ctx context.Context, args, env []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{env: map[string]string{}, stdin: stdin, stdout: stdout, stderr: stderr, args: args}
	if p.signals, _ = ctx.Value(signalKey{}).(*signalState); p.signals == nil {
		p.signals = new(signalState)
	}
	for _, kv := range env {
		if name, value, ok := strings.Cut(kv, "="); ok {
			p.env[name] = value
		}
	}
	out := p.remembered()
	app := p.app()
	if begun, ok := strings.CutPrefix(args[len(args)-1], completeFlag); ok {
		p.complete(app, args[1:len(args)-1], begun)
		return exit.Done
	}
	if len(args) == 2 && strings.TrimLeft(args[1], "-") == "version" {
		args = []string{args[0], "version"}
	}
	args, err := permute(app, args)
	if err == nil {
		app.Commands = called(app, args)
		err = app.RunContext(ctx, args)
	}
	if err == nil {
		err = out.failure()
	}
	p.printError(err)
	return exit.Code(err)
}

// called returns the command that the arguments call, or all of them where that is none. urfave/cli writes out the help of
// every flag that it is given, which takes longer than all else that a command needs before it begins; so it gets no
// others; code that needs those asks app.
func called(app *cli.App, args []string) []*cli.Command {
	if len(args) > 1 {
		if c := app.Command(args[1]); c != nil && c.Name != "help" {
			return []*cli.Command{c}
		}
	}
	return app.Commands
}

// printError prints an error and what to do about it: the one place that does.
func (p *program) printError(err error) {
	var e *exit.Error
	if err == nil {
		return
	}
	if errors.As(err, &e) && e.Code == exit.Differences {
		return // said on stdout already; differences are an answer, not a mishap
	}
	w := p.screen(p.stderr)
	fmt.Fprintf(w, "%s %s\n", w.Paint(screen.Red, "taskrecon:"), strings.Join(errorLines(err), "\n"))
	if e != nil && e.Hint != "" {
		fmt.Fprintf(p.stderr, "taskrecon: %s\n", text.Line(e.Hint))
	}
	if advice := setUpAdvice(err); advice != "" {
		fmt.Fprintf(p.stderr, "taskrecon: %s\n", advice)
	}
}

// setUpAdvice is what to do about an error that means the set-up; "" where it means something else.
func setUpAdvice(err error) string {
	var refused *graph.Error
	switch {
	case errors.Is(err, graph.ErrSignIn):
		return "taskrecon doctor checks the set-up"
	case errors.As(err, &refused):
		return refused.Advice()
	}
	return ""
}

// errorLines are the lines that an error takes on the terminal: one, unless it ends with an error that has lines of its own. A
// line break in anybody else's words is escaped.
func errorLines(err error) []string {
	var own interface {
		error // the lines, joined by line breaks
		Lines() []string
	}
	if !errors.As(err, &own) || !strings.HasSuffix(err.Error(), own.Error()) {
		return []string{text.Line(err.Error())}
	}
	lines := slices.Clone(own.Lines())
	lines[0] = strings.TrimSuffix(err.Error(), own.Error()) + lines[0]
	for i, line := range lines {
		lines[i] = text.Line(line)
	}
	return lines
}

const description = `Rows say what should be, Graph says what is, the difference is a plan. "taskrecon plan FILE" shows it, ` +
	`"taskrecon apply FILE" sends it and leaves a ledger and a report under runs/.

Every flag has a variable: --max-attempts is TASKRECON_MAX_ATTEMPTS. What neither flags nor variables say comes from the file ` +
	`that --config names; "taskrecon config" shows what is in force. Flags may be before or after FILE. ` +
	`Signing in: see --auth in "taskrecon apply --help"; "taskrecon doctor" checks the set-up.`

func (p *program) app() *cli.App {
	app := &cli.App{
		Name: "taskrecon", HelpName: "taskrecon", Usage: "bring Intune security tasks to the state that a CSV or XLSX file describes",
		UsageText: "taskrecon COMMAND [FLAGS] FILE", CustomAppHelpTemplate: "app.tmpl", Description: description + "\n\nExamples:\n" +
			"  taskrecon plan desired.xlsx\n  taskrecon apply --yes --config nightly.yaml desired.xlsx",
		Reader: p.stdin, Writer: p.stdout, ErrWriter: p.stderr, HideVersion: true, Flags: []cli.Flag{cli.HelpFlag},
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {}, // the exit code is decided in run alone
		OnUsageError:              usageError,
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return p.noCommand(c.App, c.Args().First())
			}
			return cli.ShowAppHelp(c)
		},
		Commands: []*cli.Command{p.planCommand(), p.applyCommand(), p.exportCommand(), p.setCommand(), p.validateCommand(), p.reportCommand(), p.verifyCommand(), p.undoCommand(), p.runsCommand(), p.doctorCommand(), p.probeCommand(), p.configCommand(), p.sandboxCommand(), p.completionCommand(), p.manCommand(), p.versionCommand(), p.helpCommand()},
	}
	for _, c := range app.Commands {
		c.OnUsageError, c.CustomHelpTemplate = usageError, "command.tmpl"
		c.Subcommands = []*cli.Command{{Name: "help", Aliases: []string{"h"}, Hidden: true, HideHelp: true, Action: func(*cli.Context) error {
			cli.HelpPrinter(p.stdout, c.CustomHelpTemplate, c)
			return nil
		}}} // urfave/cli's own is shared by all runs in one process, and changed by each
		if len(c.Flags) > 0 && !c.SkipFlagParsing {
			c.Flags = join(c.Flags, flagsOfConfig())
			c.Action = p.settled(c.Action)
		}
		c.Flags = append(c.Flags, cli.HelpFlag)
	}
	return app
}

// takesValue reports whether a flag is followed by a value.
func takesValue(f cli.Flag) bool {
	documented, ok := f.(cli.DocGenerationFlag)
	return !ok || documented.TakesValue()
}

// helpFlag is urfave/cli's, which all commands share and which Apply changes, for several runs of the program in one process.
type helpFlag struct{ *cli.BoolFlag }

func init() { cli.HelpFlag = helpFlag{cli.HelpFlag.(*cli.BoolFlag)} }

// Apply applies a copy.
func (f helpFlag) Apply(set *flag.FlagSet) error {
	own := *f.BoolFlag
	return own.Apply(set)
}

// noCommand says that there is no such command, and which one may be meant.
func (p *program) noCommand(app *cli.App, name string) error {
	known := map[string]bool{}
	for _, c := range app.Commands {
		known[c.Name] = true
	}
	return exit.Errorf(exit.Usage, "see taskrecon --help", "there is no command %q%s", name, settings.Meant(name, known))
}

func usageError(c *cli.Context, err error, _ bool) error {
	help := "taskrecon --help"
	if c.Command != nil && c.Command.Name != "" && c.Command.Name != "taskrecon" {
		help = "taskrecon " + c.Command.Name + " --help"
	}
	return exit.Errorf(exit.Usage, "see "+help, "%s", err.Error())
}

// variable is the environment variable of a flag.
func variable(flag string) string {
	return "TASKRECON_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// permute moves the flags of a command before its file argument, where urfave/cli looks for them.
func permute(app *cli.App, args []string) ([]string, error) {
	if len(args) < 2 || asksForHelp(args[1]) {
		return args, nil
	}
	if strings.HasPrefix(args[1], "-") {
		return nil, exit.Errorf(exit.Usage, "see taskrecon --help", "%s comes before a command; flags follow it, as in taskrecon plan FILE %[1]s", text.Line(args[1]))
	}
	cmd := app.Command(args[1])
	if cmd == nil || cmd.SkipFlagParsing {
		return args, nil
	}
	flags, files, err := splitArgs(args[1], cmd.Flags, args[2:])
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(flags, asksForHelp) {
		return []string{args[0], args[1], "--help"}, nil // of the command, whatever else is there; urfave/cli looks for a topic
	}
	out := append(append([]string{args[0], args[1]}, flags...), "--")
	return append(out, files...), nil
}

// noFlag says that a command has no flag of that name, and which one may be meant.
func noFlag(command, name string, known map[string]bool) error {
	hint := "see taskrecon " + command + " --help"
	switch task.FoldName(name) {
	case "dryrun", "whatif", "n":
		hint = "taskrecon plan shows what apply would send, and sends nothing"
	case "version":
		hint = "taskrecon version prints the version"
	}
	long := maps.Clone(known)
	maps.DeleteFunc(long, func(name string, _ bool) bool { return len(name) == 1 })
	return exit.Errorf(exit.Usage, hint, "%s has no flag --%s%s", command, text.Line(name), settings.Meant(name, long))
}

func asksForHelp(flag string) bool {
	return slices.Contains([]string{"-h", "--h", "-help", "--help"}, flag)
}

// splitArgs separates the flags on a command line, with their values, from everything else there.
func splitArgs(command string, known []cli.Flag, args []string) (flags, files []string, err error) {
	valued := map[string]bool{}
	for _, f := range known {
		for _, n := range f.Names() {
			valued[n] = takesValue(f)
		}
	}
	for rest := args; len(rest) > 0; rest = rest[1:] {
		arg := rest[0]
		if arg == "--" {
			files = append(files, rest[1:]...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			files = append(files, arg)
			continue
		}
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if _, there := valued[name]; !there {
			return nil, nil, noFlag(command, name, valued)
		}
		flags = append(flags, arg)
		if valued[strings.TrimLeft(arg, "-")] {
			if len(rest) < 2 {
				return nil, nil, exit.Errorf(exit.Usage, "see taskrecon "+command+" --help", "the flag %s needs a value", arg)
			}
			flags = append(flags, rest[1])
			rest = rest[1:]
		}
	}
	return flags, files, nil
}
