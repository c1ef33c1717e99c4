package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/ingest"
	"taskrecon/internal/job"
	"taskrecon/internal/ledger"
	"taskrecon/internal/notify"
	"taskrecon/internal/report"
	"taskrecon/internal/report/render"
	"taskrecon/internal/screen"
	"taskrecon/internal/secret"
	"taskrecon/internal/sshsig"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

func (p *program) planCommand() *cli.Command {
	return &cli.Command{
		Name: "plan", Usage: "show what apply would change; sends nothing", UsageText: "taskrecon plan [FLAGS] FILE",
		Description: "Reads FILE, fetches the tenant's tasks and prints the changes.\n\n" +
			"Examples:\n" +
			"  taskrecon plan desired.xlsx\n" +
			"  taskrecon plan --ledger plan.jsonl --detailed-exitcode desired.xlsx",
		Flags: join(flagsOfInput(), flagsOfService(), flagsOfLimits(), flagsOfOutput(), flagsOfNotice(), flagsOfSpeech(), []cli.Flag{
			&cli.BoolFlag{Name: "detailed-exitcode", DisableDefaultText: true, Category: outputFlags, Usage: "exit with 2 when a row is neither unchanged nor invalid"},
		}),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.reconcile) },
	}
}

func (p *program) applyCommand() *cli.Command {
	return &cli.Command{
		Name: "apply", Usage: "send the changes, and leave a ledger and a report", UsageText: "taskrecon apply [FLAGS] FILE|LEDGER",
		Description: "Reads FILE, fetches the tenant's tasks, shows the changes, asks on a terminal (elsewhere it needs --yes), " +
			"and sends them in $batch envelopes. Given a ledger, or the directory of its run, it sends exactly that " +
			"saved plan, or goes on with a run that was cut short. Of one that has finished it sends nothing, and writes the " +
			"report, undo or signature that is missing.\n\nExamples:\n" +
			"  taskrecon apply desired.xlsx\n" +
			"  taskrecon apply --yes --json --max-changes 200 desired.xlsx\n" +
			"  taskrecon apply --yes plan.jsonl",
		Flags:  join(flagsOfInput(), flagsOfService(), flagsOfSending(), flagsOfLimits(), flagsOfOutput(), flagsOfNotice(), flagsOfSpeech()),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.reconcile) },
	}
}

func (p *program) validateCommand() *cli.Command {
	return &cli.Command{
		Name: "validate", Usage: "check a file offline, without credentials", UsageText: "taskrecon validate [FLAGS] FILE",
		Description: "Reads FILE as plan and apply do, and names every cell that cannot be understood. Needs no tenant.\n\n" +
			"Examples:\n" +
			"  taskrecon validate desired.xlsx\n" +
			"  taskrecon validate --problems problems.xlsx desired.csv",
		Flags: join(flagsOfInput(), flagsOfSpeech(), []cli.Flag{
			&cli.BoolFlag{Name: "overwrite", DisableDefaultText: true, Category: outputFlags, Usage: "replace the sheet of --problems if it exists already"},
		}),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.validate) },
	}
}

func (p *program) reportCommand() *cli.Command {
	return &cli.Command{
		Name: "report", Usage: "render the report of a run again", UsageText: "taskrecon report [FLAGS] LEDGER -o FILE.xlsx|.html|.json|.csv",
		Description: "Writes a report from LEDGER alone, at any time, in the format that the name of the file asks for. " +
			"The directory of a run means the ledger in it.\n\n" +
			"Example:\n  taskrecon report runs/20261124T020000Z-1a2b3c/ledger.jsonl -o report.html",
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: outputFlags, Usage: "write to `FILE`, an .xlsx, .html, .json or .csv"},
			&cli.StringFlag{Name: "timezone", Category: outputFlags, Value: "UTC", Usage: "`ZONE` that the report names beside UTC"},
			&cli.BoolFlag{Name: "overwrite", DisableDefaultText: true, Category: outputFlags, Usage: "replace the file if it exists already"},
		}, flagsOfSpeech()),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.render) },
	}
}

func (p *program) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print the version", UsageText: "taskrecon version",
		Description: "Prints the version, and what it was built with and for.\n\nExample:\n  taskrecon version",
		Action: func(*cli.Context) error {
			_, err := fmt.Fprintf(p.stdout, "taskrecon %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

// stamped is set by the linker in a release: -X taskrecon/internal/cli.stamped=1.2.3.
var stamped string

func version() string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

// runCommand runs a command, prints its summary where --json asks for it, exactly one object, whatever happened, and notifies
// others of it. Where the answer could not be printed the command failed, if it has not anyway.
func (p *program) runCommand(c *cli.Context, command func(*cli.Context) (*job.Summary, error)) error {
	started := time.Now()
	var s *job.Summary
	out := p.remembered()
	others, err := p.notifier(c)
	if err == nil {
		err = apart(c)
	}
	if err == nil {
		others.Start(c.Context)
		s, err = command(c)
	}
	s = sumUp(c, s, err, started)
	var printErr error
	if c.Bool("json") {
		printErr = p.printJSON(s)
	}
	printErr = cmp.Or(printErr, out.failure())
	if printErr != nil && (err == nil || exit.Code(err) == exit.Differences) { // which was not seen
		err = fmt.Errorf("printing the answer: %w", printErr)
		s = sumUp(c, s, err, started)
	}
	others.Finish(c.Context, s)
	return err
}

// sumUp completes the summary of a command, which has none where it failed early.
func sumUp(c *cli.Context, s *job.Summary, err error, started time.Time) *job.Summary {
	if s == nil {
		s = job.NewSummary(c.Command.Name)
	}
	if s.ExitCode = exit.Code(err); err != nil {
		s.Reason = err.Error()
	}
	if s.Seconds == 0 {
		s.Seconds = time.Since(started).Round(time.Millisecond).Seconds()
	}
	return s
}

func (p *program) printJSON(s *job.Summary) error {
	line, err := notify.JSON(s)
	if err != nil {
		return err
	}
	_, err = p.stdout.Write(line)
	return err
}

// humanOut is where what is meant for people goes: stdout, unless that belongs to --json.
func (p *program) humanOut(c *cli.Context) screen.Screen {
	if c.Bool("json") {
		return screen.Screen{Writer: io.Discard}
	}
	return p.screen(p.stdout)
}

// reconcile is plan and apply.
func (p *program) reconcile(c *cli.Context) (*job.Summary, error) {
	apply := c.Command.Name == "apply"
	file, err := oneFile(c, "a CSV or XLSX file")
	if err != nil {
		return nil, err
	}
	if apply {
		file = job.LedgerAt(file)
	}
	finished := apply && job.Finished(file)
	config, err := p.runConfig(c, file)
	if err == nil && apply && !finished {
		err = p.sendingConfig(c, &config)
	}
	if err != nil {
		return nil, err
	}
	w, err := p.newMarking(c, p.newWatcher(c), file)
	if err != nil {
		return nil, err
	}
	if !finished {
		target, err := p.connect(c, apply)
		if err != nil {
			return nil, err
		}
		defer target.close()
		config.Client, config.Cloud, config.GraphURL = target.client, target.cloud, target.url
	}
	config.Watcher = w
	if apply && !finished && !c.Bool("yes") {
		config.Confirm = func(ctx context.Context, q job.Question) (bool, error) { return p.ask(ctx, q, w.tasks) }
	}
	summary, err := job.Run(c.Context, config)
	w.status.End()
	summary.Next = p.next(c, summary, file)
	if finished && err == nil {
		fmt.Fprintln(p.humanOut(c), text.Line(summary.Reason))
	}
	printSummary(p.humanOut(c), summary)
	return summary, err
}

// runConfig is what plan and apply have in common.
func (p *program) runConfig(c *cli.Context, file string) (config job.Config, err error) {
	config = job.Config{
		Command: c.Command.Name, File: file, SkipInvalid: c.Bool("skip-invalid"), Detailed: c.Bool("detailed-exitcode"),
		Expect:  c.String("expect-plan"),
		Outputs: job.Outputs{Runs: c.String("runs"), RunDir: c.String("run-dir"), Ledger: c.String("ledger"), Reports: c.StringSlice("report"), Overwrite: c.Bool("overwrite"), Others: append(filesRead(c), filesWritten(c)...)},
		Report:  report.Options{Overwrite: c.Bool("overwrite")},
		Version: version(), Operator: p.operator(), Options: optionsInForce(c, file), Fixed: fixedOptions(c),
	}
	if config.Ingest, err = p.ingestOptions(c); err != nil {
		return config, err
	}
	if config.Report.Zone, err = p.zoneOf(c); err != nil {
		return config, err
	}
	if config.Limits, err = limitsOf(c); err != nil {
		return config, err
	}
	if config.MinRows, err = minRows(c); err != nil {
		return config, err
	}
	config.Batch.OnConflict, config.StatusVia = batch.OnConflict(c.String("on-conflict")), diff.Via(c.String("status-via"))
	if config.Batch.SettleWithin = c.Duration("settle-within"); config.Batch.SettleWithin < 0 {
		return config, usage("--settle-within %s is less than nothing", config.Batch.SettleWithin)
	}
	if path := c.String("sign-key"); path != "" {
		if config.Signer, err = sshsig.LoadSigner(path); err != nil {
			return config, usage("--sign-key: %s", err.Error())
		}
	}
	return config, nil
}

// mayAsk returns why the changes of a file cannot be confirmed at a terminal; nil where they can.
func (p *program) mayAsk(c *cli.Context, file string) error {
	switch {
	case file == ingest.StandardInput:
		return usage("apply - needs --yes: standard input holds the sheet, so no answer can come from there")
	case !p.interactive() && ledger.Is(file):
		return exit.Errorf(exit.Usage, "look first with taskrecon report "+fileWord(file)+" -o FILE.xlsx", "apply without a terminal needs --yes")
	case !p.interactive():
		return exit.Errorf(exit.Usage, "look first with "+p.commandLine(c, "plan", file), "apply without a terminal needs --yes")
	}
	return nil
}

// machineDir is where all accounts of the machine lock. Tests have a place of their own.
var machineDir = job.MachineDir

// sendingConfig fills in what only a run that sends has.
func (p *program) sendingConfig(c *cli.Context, config *job.Config) (err error) {
	config.Leave = p.signals.leave
	if err := batchOptions(c, &config.Batch); err != nil {
		return err
	}
	if !c.Bool("yes") {
		if err := p.mayAsk(c, config.File); err != nil {
			return err
		}
	}
	if path := c.String("signers"); path != "" {
		if config.Signers, err = secret.Small(path, mostOfSigners, nil); err != nil {
			return usage("--signers: %s", err.Error())
		}
	}
	config.Most, config.Deadline, config.LockTimeout = c.Int("limit"), c.Duration("deadline"), c.Duration("lock-timeout")
	if text := c.String("max-errors"); text != "" {
		quota, err := job.ParseQuota(text)
		if err != nil {
			return usage("--max-errors: %s", err.Error())
		}
		config.ErrorBudget = &quota
	}
	config.Locks, err = p.lockDirs(c)
	return err
}

// mostOfSigners is the size of a file of allowed signers at most.
const mostOfSigners = 1 << 20

// next is the command that follows from how the run ended, if any does.
func (p *program) next(c *cli.Context, s *job.Summary, file string) string {
	switch {
	case file == ingest.StandardInput && s.Ledger == "":
		return "" // what came through the pipe is gone
	case s.Command == "plan" && (s.ExitCode == exit.Done || s.ExitCode == exit.Differences) && s.Changes > 0:
		if s.Ledger != "" {
			file = s.Ledger
		}
		return p.commandLine(c, "apply", file)
	case s.ExitCode == exit.Failed && s.Ledger != "" && s.Command == "apply" && s.Patches > 0 && s.Outcomes[diff.NotSent]+s.Outcomes[diff.Unknown] > 0:
		return p.commandLine(c, "apply", s.Ledger) // it failed part-way, as with a token that expired
	case s.Ledger != "" && slices.Contains([]int{
		exit.Temporary, exit.Budget, exit.Deadline, exit.Interrupt, exit.Terminated,
	}, s.ExitCode):
		return p.commandLine(c, "apply", s.Ledger)
	case s.ExitCode == exit.Partial && s.Ledger != "" && s.Command == "apply" && s.Outcomes[diff.NotSent] > 0:
		return p.commandLine(c, "apply", s.Ledger) // --limit, or a conflict under abort, left the rest
	case s.ExitCode == exit.Input && (s.Rows == 0 || s.Outcomes[diff.Invalid] > 0) && !ledger.Is(file) && (file == ingest.StandardInput || isFile(file)):
		return p.commandLine(c, "validate", file)
	}
	return ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// operator is the user and the host that run the program, by the system's account.
func (p *program) operator() string {
	name := p.env["USER"]
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return name + "@" + host
}

func (p *program) validate(c *cli.Context) (*job.Summary, error) {
	file, err := oneFile(c, "a CSV or XLSX file")
	if err != nil {
		return nil, err
	}
	o, err := p.ingestOptions(c)
	if err != nil {
		return nil, err
	}
	w, err := p.newMarking(c, p.newWatcher(c), file)
	if err != nil {
		return nil, err
	}
	s := job.NewSummary("validate")
	input, err := ingest.Read(file, o)
	if err != nil {
		return s, &exit.Error{Code: exit.Input, Err: err}
	}
	w.Read(input)
	job.Count(s, input)
	if err := job.Reject(input, false); err != nil {
		return s, err
	}
	s.Reason = "every row can be understood"
	fmt.Fprintf(p.humanOut(c), "%s: %d rows, all understood\n", text.Line(input.File), s.Rows)
	return s, nil
}

func (p *program) render(c *cli.Context) (*job.Summary, error) {
	file, err := oneFile(c, "a ledger")
	if err != nil {
		return nil, err
	}
	out := c.String("output")
	if out == "" {
		return nil, exit.Errorf(exit.Usage, "see taskrecon report --help", "report needs -o FILE.xlsx")
	}
	if err := render.Supported(out); err != nil {
		return nil, &exit.Error{Code: exit.Usage, Err: err}
	}
	zone, err := p.zoneOf(c)
	if err != nil {
		return nil, err
	}
	file = job.LedgerAt(file)
	past, err := ledger.Open(file)
	if err != nil {
		return nil, &exit.Error{Code: exit.Input, Err: err, Hint: "nothing was written"}
	}
	defer past.Close()
	s := job.NewSummary("report")
	s.OfPast(past, file)
	err = render.Write(out, past, report.Options{Zone: zone, Overwrite: c.Bool("overwrite")})
	if errors.Is(err, fs.ErrExist) {
		return s, &exit.Error{Code: exit.Usage, Err: err, Hint: "name another, or say --overwrite"}
	}
	if err != nil {
		return s, err
	}
	s.Reports = append(s.Reports, out)
	s.Reason = "rendered"
	fmt.Fprintf(p.humanOut(c), "Report  %s\n", text.Line(out))
	return s, nil
}

// ask shows the plan on the terminal and waits for a yes.
func (p *program) ask(ctx context.Context, q job.Question, all int) (bool, error) {
	p.signals.asking.Store(true)
	defer p.signals.asking.Store(false)
	changes := task.Plural(len(q.Plan.Pending()), "change")
	w := p.screen(p.stderr)
	w.Amounts(diff.AmountsOf(q.Plan))
	w.Plan(q.Plan, promptChanges)
	fmt.Fprintf(w, "%s\nPlan    %s\nKeys    a shows all rows, w writes the plan as a page\n\n", screen.PlanWords(q.Plan, all), q.Hash)
	lines := p.lines()
	for {
		fmt.Fprintf(p.stderr, "Send %s? Only \"yes\" sends: ", changes)
		var line string
		var more bool
		select {
		case line, more = <-lines:
		case <-ctx.Done():
			fmt.Fprintln(p.stderr)
			return false, exit.Errorf(exit.Code(context.Cause(ctx)), "", "interrupted at the question; nothing was sent")
		}
		switch word := strings.ToLower(strings.TrimSpace(line)); {
		case !more:
			fmt.Fprintln(p.stderr)
			return false, nil
		case word == "a":
			w.Plan(q.Plan, 0)
		case word == "w":
			if path, err := q.Page(); err != nil {
				fmt.Fprintf(p.stderr, "The page was not written: %s\n", text.Line(err.Error()))
			} else {
				fmt.Fprintf(p.stderr, "Page    %s\n", text.Line(path))
			}
		default:
			return word == "yes", nil
		}
	}
}
