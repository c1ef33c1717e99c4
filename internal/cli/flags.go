package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/graph"
	"taskrecon/internal/ingest"
	"taskrecon/internal/job"
	"taskrecon/internal/ledger"
	"taskrecon/internal/secret"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

const (
	inputFlags   = "Input"
	serviceFlags = "Service"
	sendingFlags = "Sending"
	limitFlags   = "Safety"
	outputFlags  = "Output"
)

func flagsOfInput() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "sheet", Category: inputFlags, Usage: "read the worksheet `NAME` (default: the first visible one)"},
		&cli.IntFlag{Name: "header-row", Category: inputFlags, Usage: "row `N` holds the header (default: the first row with anything in it)"},
		&cli.StringFlag{Name: "hidden", Category: inputFlags, Usage: "hidden and filtered-out rows: `include|skip` (default: refuse them)"},
		&cli.StringFlag{Name: "password-file", Category: inputFlags, Usage: "open an encrypted workbook with the password in `FILE` (or in TASKRECON_WORKBOOK_PASSWORD)"},
		&cli.StringFlag{Name: "encoding", Category: inputFlags, Usage: "`NAME` of a CSV's encoding, such as windows-1252 (default: UTF-8, or UTF-16 where it shows)"},
		&cli.StringFlag{Name: "delimiter", Category: inputFlags, Usage: "`CHARACTER` between a CSV's cells, or tab (default: the one that fits the header)"},
		&cli.StringFlag{Name: "own-columns", Category: inputFlags, Usage: "columns `NAME,...` are your own, however near to a property's name"},
		&cli.StringFlag{Name: "timezone", Category: inputFlags, Value: "UTC", Usage: "`ZONE` of dates without an offset, such as Europe/Berlin"},
		&cli.StringFlag{Name: "problems", Category: outputFlags, Usage: "where cells are wrong, write a copy of the sheet to `FILE.xlsx` with these marked, behind a list that leads to each"},
		&cli.StringFlag{Name: "status-via", Category: inputFlags, Value: string(diff.ViaAuto), Usage: "send status by `auto|patch|updateStatus`; auto takes updateStatus where the row has a note, and patch sends no note"},
		&cli.StringFlag{Name: "date-order", Category: inputFlags, Usage: "read 03/04/2026 as `dmy|mdy|ymd` (default: refuse it as ambiguous)"},
	}
}

func flagsOfService() []cli.Flag {
	return append(flagsOfSignIn(), []cli.Flag{
		&cli.StringFlag{Name: "cloud", Category: serviceFlags, Value: "global", Usage: "national cloud: `global|usgov|dod|china`"},
		&cli.StringFlag{Name: "graph-url", Category: serviceFlags, Usage: "`URL` of Graph in place of the cloud's; plain http to loopback only"},
		&cli.DurationFlag{Name: "call-timeout", Category: serviceFlags, Value: graph.DefaultCallTimeout, Usage: "longest `TIME` of one call"},
		&cli.StringFlag{Name: "debug-http", Category: serviceFlags, Usage: "record calls to Graph and their answers in `FILE`, tasks and all, without tokens; signing in is not recorded"},
		&cli.StringFlag{Name: "sandbox", Category: serviceFlags, Usage: "run against an in-process sandbox holding the tasks of `FILE|N` (N are generated)"},
		&cli.StringFlag{Name: "sandbox-state", Category: serviceFlags, Usage: "keep the sandbox's tasks in `FILE` from one command to the next"},
		&cli.StringFlag{Name: "sandbox-limits", Category: serviceFlags, Value: "published", Usage: "the sandbox's request limits: `published|off`"},
		&cli.StringFlag{Name: "sandbox-faults", Category: serviceFlags, Usage: "make the sandbox misbehave: `LIST` as in \"taskrecon sandbox --help\""},
	}...)
}

func flagsOfSending() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "yes", DisableDefaultText: true, Aliases: []string{"y"}, Category: sendingFlags, Usage: "do not ask before sending"},
		&cli.IntFlag{Name: "concurrency", Category: sendingFlags, Value: batch.DefaultConcurrency, Usage: "`N` envelopes in flight at most"},
		&cli.IntFlag{Name: "max-attempts", Category: sendingFlags, Value: batch.DefaultMaxAttempts, Usage: "send one change `N` times at most"},
		&cli.StringFlag{Name: "write-limit", Category: sendingFlags, Value: batch.PublishedWrites.String(), Usage: "`RATE` of changes, such as 100/20s, or off"},
		&cli.StringFlag{Name: "read-limit", Category: sendingFlags, Value: batch.PublishedReads.String(), Usage: "`RATE` of requests of any kind, or off"},
		&cli.DurationFlag{Name: "reread-after", Category: sendingFlags, Value: batch.DefaultRereadAfter, Usage: "read a task again before sending when it was seen `TIME` ago"},
		&cli.DurationFlag{Name: "lock-timeout", Category: sendingFlags, Usage: "wait `TIME` for another run to end"},
		&cli.IntFlag{Name: "canary", Category: limitFlags, Usage: "send `N` changes first, the rest only if these are applied"},
		&cli.StringFlag{Name: "max-errors", Category: limitFlags, Usage: "stop when `N|N%` of the changes ended badly (default: never)"},
		&cli.IntFlag{Name: "limit", Category: limitFlags, Usage: "send `N` changes at most (default: all)"},
		&cli.DurationFlag{Name: "deadline", Category: limitFlags, Usage: "stop sending `TIME` after the start, such as 50m"},
		&cli.StringFlag{Name: "signers", Category: limitFlags, Usage: "send only a saved plan with a signature, PLAN.sig, by one of the allowed signers in `FILE`"},
	}
}

func flagsOfLimits() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "skip-invalid", DisableDefaultText: true, Category: inputFlags, Usage: "go on with the rows that can be understood, and report the others"},
		&cli.StringFlag{Name: "min-rows", Category: limitFlags, Usage: "refuse a file of fewer rows than `N|N%` of the tenant's tasks (default: 1)"},
		&cli.DurationFlag{Name: "settle-within", Category: sendingFlags, Value: batch.DefaultSettleWithin, Usage: "`TIME` within which a write takes effect and reads show it; 0 looks once"},
		&cli.StringFlag{Name: profileFlag, Category: sendingFlags, Usage: "take --settle-within, --reread-after and --status-via from `FILE`, which probe wrote, where nothing else sets them"},
		&cli.StringFlag{Name: "on-conflict", Category: limitFlags, Value: string(batch.SkipConflict), Usage: "a task that someone else changed: `skip|overwrite|abort`"},
		&cli.StringFlag{Name: "expect-plan", Category: limitFlags, Usage: "refuse any plan but the one with this `HASH`"},
		&cli.StringFlag{Name: "max-changes", Category: limitFlags, Value: "30%", Usage: "refuse more changes than `N|N%` of the tenant's tasks (a share counts from 10 changes on)"},
		&cli.IntFlag{Name: "max-clears", Category: limitFlags, Value: 10, Usage: "refuse to empty more than `N` values"},
		&cli.IntFlag{Name: "max-per-assignee", Category: limitFlags, Usage: "refuse to give one assignee more than `N` tasks (default: no limit)"},
		&cli.BoolFlag{Name: "no-reopen", DisableDefaultText: true, Category: limitFlags, Value: true, Usage: "refuse to take completed or rejected tasks back to pending or active (default)"},
		&cli.BoolFlag{Name: "allow-reopen", DisableDefaultText: true, Category: limitFlags, Usage: "permit to take completed or rejected tasks back to pending or active"},
	}
}

func flagsOfOutput() []cli.Flag {
	return []cli.Flag{
		flagOfRuns(),
		&cli.StringFlag{Name: "run-dir", Category: outputFlags, Usage: "`DIR` for ledger and report (default for apply: <utc>-<id> in that of --runs)"},
		&cli.StringFlag{Name: "ledger", Category: outputFlags, Usage: "write the ledger to `FILE`"},
		&cli.StringFlag{Name: "sign-key", Category: outputFlags, Usage: "sign the ledger's final hash with the OpenSSH Ed25519 key in `FILE`: a plan's into LEDGER.sig, a run's into LEDGER.run.sig"},
		&cli.StringSliceFlag{Name: "report", Category: outputFlags, Usage: "write a report to `FILE`, an .xlsx, .html, .json or .csv; may be repeated"},
		&cli.BoolFlag{Name: "overwrite", DisableDefaultText: true, Category: outputFlags, Usage: "replace reports and sheets that exist already"},
	}
}

func flagsOfSpeech() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "json", DisableDefaultText: true, Category: outputFlags, Usage: "print one JSON object on stdout, and nothing else there"},
		&cli.StringFlag{Name: "log-format", Category: outputFlags, Value: "console", Usage: "lines on stderr as `console|json`"},
		&cli.BoolFlag{Name: "verbose", DisableDefaultText: true, Category: outputFlags, Usage: "log each step on stderr, on a terminal too, in place of the bar"},
		&cli.BoolFlag{Name: "quiet", DisableDefaultText: true, Category: outputFlags, Usage: "print no notice, progress or bar on stderr, only problems and errors"},
	}
}

func join(groups ...[]cli.Flag) []cli.Flag {
	var all []cli.Flag
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// usage makes an error of the command line.
func usage(format string, args ...any) error {
	return exit.Errorf(exit.Usage, "", format, args...)
}

// oneFile is the command's only argument.
func oneFile(c *cli.Context, what string) (string, error) {
	switch c.Args().Len() {
	case 0:
		return "", exit.Errorf(exit.Usage, "see taskrecon "+c.Command.Name+" --help", "%s needs %s", c.Command.Name, what)
	case 1:
		return c.Args().First(), nil
	}
	return "", usage("%s takes one file, not %d: %q", c.Command.Name, c.Args().Len(), c.Args().Slice())
}

func (p *program) ingestOptions(c *cli.Context) (ingest.Options, error) {
	o := ingest.Options{
		Sheet: c.String("sheet"), HeaderRow: c.Int("header-row"), Hidden: ingest.Hidden(c.String("hidden")),
		Encoding: c.String("encoding"), Stdin: p.stdin, Notes: c.String("status-via") != string(diff.ViaPatch),
	}
	if own := c.String("own-columns"); own != "" {
		o.OwnColumns = strings.Split(own, ",")
	}
	zone, err := p.zoneOf(c)
	if err != nil {
		return o, err
	}
	if o.Format = (task.Format{Order: task.DateOrder(c.String("date-order"))}); c.IsSet("timezone") {
		o.Format.Zone = zone // else a sheet with a base has its own
	}
	if o.HeaderRow < 0 {
		return o, usage("--header-row %d is less than 1", o.HeaderRow)
	}
	if o.Encoding != "" {
		if err := ingest.CheckEncoding(o.Encoding); err != nil {
			return o, usage("%s", err.Error())
		}
	}
	if o.Delimiter, err = ingest.ParseDelimiter(c.String("delimiter")); err != nil {
		return o, usage("--delimiter %s", err.Error())
	}
	o.Password, err = p.workbookPassword(c)
	return o, err
}

func (p *program) zoneOf(c *cli.Context) (*time.Location, error) {
	zone, err := time.LoadLocation(c.String("timezone"))
	if tz := strings.TrimPrefix(p.env["TZ"], ":"); zone == time.Local && zone.String() == "UTC" && tz != "" && tz != "UTC" {
		return nil, usage("--timezone %s: this machine does not know the zone %q that TZ names; write it like Europe/Berlin", c.String("timezone"), p.env["TZ"])
	}
	if err != nil {
		return nil, usage("--timezone %q is not a time zone that is known here; write it like Europe/Berlin", c.String("timezone"))
	}
	return zone, nil
}

// workbookPassword is never a flag's value, which others could see in the list of processes.
func (p *program) workbookPassword(c *cli.Context) (string, error) {
	path := c.String("password-file")
	if path == "" {
		return p.env[workbookVariable], nil
	}
	data, err := secret.Small(path, 1024, nil)
	if missing := new(fs.PathError); errors.As(err, &missing) && missing.Op == "open" {
		return "", usage("--password-file: %s", err.Error())
	}
	if err != nil {
		return "", usage("--password-file %s cannot be read, or is no file with a password", path)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if password == "" || strings.ContainsAny(password, "\r\n") {
		return "", usage("--password-file %s does not hold one line with a password", path)
	}
	return password, nil
}

// batchOptions fills in what the flags of sending say.
func batchOptions(c *cli.Context, o *batch.Options) error {
	o.Concurrency, o.MaxAttempts, o.RereadAfter, o.Canary = c.Int("concurrency"), c.Int("max-attempts"), c.Duration("reread-after"), c.Int("canary")
	writes, err := batch.ParseRate(c.String("write-limit"))
	if err != nil {
		return usage("--write-limit: %s", err.Error())
	}
	reads, err := batch.ParseRate(c.String("read-limit"))
	if err != nil {
		return usage("--read-limit: %s", err.Error())
	}
	o.Writes, o.Reads = &writes, &reads
	switch {
	case o.Concurrency < 1 || o.Concurrency > 64:
		return usage("--concurrency %d is not between 1 and 64", o.Concurrency)
	case o.MaxAttempts < 1:
		return usage("--max-attempts %d is less than 1", o.MaxAttempts)
	case o.RereadAfter <= 0:
		return usage("--reread-after %s is not longer than nothing", o.RereadAfter)
	case o.Canary < 0 || c.Int("limit") < 0 || c.Duration("deadline") < 0 || c.Duration("lock-timeout") < 0:
		return usage("--canary, --limit, --deadline and --lock-timeout take nothing below 0")
	}
	return nil
}

// minRows reads --min-rows.
func minRows(c *cli.Context) (job.Quota, error) {
	text := c.String("min-rows")
	if text == "" {
		return job.Quota{}, nil
	}
	q, err := job.ParseQuota(text)
	if err != nil {
		return q, usage("--min-rows: %s", err.Error())
	}
	return q, nil
}

// limitsOf reads the safety limits. No flag lifts them all.
func limitsOf(c *cli.Context) (job.Limits, error) {
	l := job.Limits{MaxClears: c.Int("max-clears"), MaxPerAssignee: c.Int("max-per-assignee")}
	l.AllowReopen = c.Bool("allow-reopen") || !c.Bool("no-reopen")
	if c.Bool("allow-reopen") && c.IsSet("no-reopen") && c.Bool("no-reopen") {
		return l, usage("--no-reopen and --allow-reopen exclude each other")
	}
	if l.MaxClears < 0 || l.MaxPerAssignee < 0 {
		return l, usage("--max-clears and --max-per-assignee take nothing below 0")
	}
	var err error
	if l.MaxChanges, err = job.ParseQuota(c.String("max-changes")); err != nil {
		return l, usage("--max-changes: %s", err.Error())
	}
	return l, nil
}

// fixedByPlan are the flags that say how a file is read and by which way its status goes: a ledger has what they were.
var fixedByPlan = []string{"sheet", "header-row", "hidden", "encoding", "delimiter", "own-columns", "date-order", "status-via"}

// fixedOptions are those of fixedByPlan that a flag, a variable or the configuration sets.
func fixedOptions(c *cli.Context) (options []ledger.Option) {
	for _, name := range fixedByPlan {
		if c.IsSet(name) {
			options = append(options, ledger.Option{Name: name, Value: flagText(c, name)})
		}
	}
	return options
}

// optionsInForce lists every flag with the value that it has, wherever that came from. No flag holds a secret, but a command that
// prints one may.
func optionsInForce(c *cli.Context, file string) []ledger.Option {
	options := []ledger.Option{{Name: "file", Value: file}}
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		value := flagText(c, name)
		switch {
		case name == "help", slices.Contains(fixedByPlan, name) && ledger.Is(file):
			continue
		case printsSecret(name) && value != "":
			value = "(not recorded)"
		}
		options = append(options, ledger.Option{Name: name, Value: value})
	}
	return options
}

// printsSecret reports whether a flag names a command that prints a secret.
func printsSecret(flag string) bool { return strings.HasSuffix(flag, "-command") }

// flagText is the value of a flag in words.
func flagText(c *cli.Context, name string) string {
	if s, ok := c.Value(name).(cli.StringSlice); ok {
		return strings.Join(s.Value(), " ")
	}
	return fmt.Sprint(c.Value(name))
}

// commandLine is the command that does name to the file, with the flags of c that it also has and that
// do not name this run's own files. Who said --yes to a run is not asked again when it goes on.
func (p *program) commandLine(c *cli.Context, name, file string) string {
	has := map[string]bool{}
	for _, f := range p.app().Command(name).Flags {
		has[f.Names()[0]] = true
	}
	words := []string{"taskrecon", name}
	for _, f := range c.Command.Flags {
		flag := f.Names()[0]
		switch flag {
		case "help", "json", "ledger", "report", "run-dir", "overwrite", "problems", "detailed-exitcode", "log-format",
			"metrics-file", "debug-http", "notify-url", "notify-url-file", "notify-format", "notify-on", "ping-url", "ping-url-file":
			continue
		case "password-file", "timezone", "skip-invalid", "expect-plan":
			if ledger.Is(file) {
				continue // what the file said is in the ledger
			}
		}
		if slices.Contains(fixedByPlan, flag) && ledger.Is(file) || !c.IsSet(flag) || !has[flag] {
			continue
		}
		if printsSecret(flag) {
			if p.env[variable(flag)] == "" && c.String(configFlag) == "" {
				words = append(words, "--"+flag, "COMMAND") // to be put in: it may hold a secret itself
			}
			continue
		}
		if takesValue(f) {
			words = append(words, "--"+flag, text.ShellWord(flagText(c, flag)))
		} else if c.Bool(flag) {
			words = append(words, "--"+flag)
		} else {
			words = append(words, "--"+flag+"=false")
		}
	}
	return strings.Join(append(words, fileWord(file)), " ")
}

// fileWord is a file's name as a word of a command line, where nothing that begins with a dash is a file.
func fileWord(file string) string {
	if strings.HasPrefix(file, "-") && file != ingest.StandardInput {
		file = "./" + file
	}
	return text.ShellWord(file)
}
