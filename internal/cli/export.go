package cli

import (
	"fmt"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/edit"
	"taskrecon/internal/exit"
	"taskrecon/internal/export"
	"taskrecon/internal/job"
	"taskrecon/internal/screen"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
	"taskrecon/internal/where"
)

func flagsOfSheet() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: outputFlags, Usage: "write the sheet to `FILE.xlsx|FILE.csv`"},
		&cli.StringFlag{Name: "where", Category: inputFlags, Usage: "only the tasks of which `EXPRESSION` is true"},
		&cli.StringSliceFlag{Name: "kind", Category: inputFlags, Usage: "only tasks of the kind `NAME`: appVulnerability, unmanagedDeviceDiscovery or securityConfiguration; may be repeated (default: all)"},
		&cli.StringFlag{Name: "timezone", Category: outputFlags, Value: "UTC", Usage: "`ZONE` of the sheet's dates, such as Europe/Berlin"},
		&cli.BoolFlag{Name: "overwrite", DisableDefaultText: true, Category: outputFlags, Usage: "replace the file if it exists already"},
	}
}

const expressionHelp = "EXPRESSION compares the properties of a task, as in\n" +
	"  assignedTo == \"alice@contoso.com\" && status in [\"pending\", \"active\"]\n" +
	"  dueDateTime < date(\"2026-12-01\")\n" +
	"  priority == \"high\" || intendedSettings[\"Firewall.Enabled\"] != \"true\"\n" +
	"  kind == \"appVulnerability\" && appName == \"7-Zip\"\n" +
	"Texts compare exactly; lower(assignedTo) == \"...\" ignores case. A date that is not set equals nil, and is neither before nor " +
	"after any other, so that dueDateTime < date(...) leaves it out."

func (p *program) exportCommand() *cli.Command {
	return &cli.Command{
		Name: "export", Usage: "write the tenant's tasks as a sheet for editing", UsageText: "taskrecon export [FLAGS] -o FILE.xlsx|FILE.csv",
		Description: "Writes the tenant's tasks as a sheet that plan and apply take back. What you edit in it is asked for, what you leave " +
			"is not; what somebody else has changed since is a conflict, and is not overwritten.\n\n" + expressionHelp +
			"\n\nExamples:\n" +
			"  taskrecon export -o tasks.csv\n" +
			"  taskrecon export --where 'status == \"pending\"' -o tasks.xlsx",
		Flags: join(flagsOfSheet(), []cli.Flag{
			&cli.StringFlag{Name: "columns", Category: outputFlags, Usage: "only these properties, in this order, as `NAME,NAME` (default: all)"},
			&cli.BoolFlag{Name: "template", DisableDefaultText: true, Category: outputFlags, Usage: "write the header only; needs no tenant"},
		}, flagsOfService(), flagsOfSpeech()),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.export) },
	}
}

func (p *program) setCommand() *cli.Command {
	return &cli.Command{
		Name: "set", Usage: "write the desired sheet of a mass edit, for review", UsageText: "taskrecon set [FLAGS] PROPERTY=VALUE... --where EXPRESSION -o FILE.xlsx|FILE.csv",
		Description: "Writes a sheet that gives PROPERTY the VALUE in every task that is picked; nothing is sent before you apply it. " +
			"VALUE <clear> empties a property. assignedTo=@team.txt deals the tasks out to the assignees in team.txt, one a line. " +
			"--map leavers.csv replaces assignees: its two columns are the old one and the new one.\n\n" + expressionHelp +
			"\n\nExamples:\n  taskrecon set assignedTo=bob@contoso.com -o reassign.xlsx \\\n    --where 'assignedTo == \"alice@contoso.com\"'\n" +
			"  taskrecon set --complete --note \"Patched in May\" -o done.xlsx \\\n    --where 'dueDateTime < date(\"2026-06-01\")'",
		Flags: join(flagsOfSheet(), []cli.Flag{
			&cli.StringFlag{Name: "map", Category: inputFlags, Usage: "replace assignees as the two columns of `FILE.csv` say"},
			&cli.BoolFlag{Name: "accept", DisableDefaultText: true, Category: inputFlags, Usage: "short for status=active"},
			&cli.BoolFlag{Name: "reject", DisableDefaultText: true, Category: inputFlags, Usage: "short for status=rejected"},
			&cli.BoolFlag{Name: "complete", DisableDefaultText: true, Category: inputFlags, Usage: "short for status=completed"},
			&cli.StringFlag{Name: "note", Category: inputFlags, Usage: "short for note=`TEXT`, which goes to Defender with the status and cannot be taken back"},
			&cli.StringFlag{Name: "date-order", Category: inputFlags, Usage: "read 03/04/2026 as `dmy|mdy|ymd` (default: refuse it as ambiguous)"},
		}, flagsOfService(), flagsOfSpeech()),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.set) },
	}
}

func (p *program) export(c *cli.Context) (*job.Summary, error) {
	if c.Args().Present() {
		return nil, usage("export takes no file beside -o, but got %q", c.Args().Slice())
	}
	e, err := p.sheetOf(c)
	if err != nil {
		return nil, err
	}
	if e.Sheet.Columns, err = export.Columns(c.String("columns")); err != nil {
		return nil, usage("--columns%s", err.Error())
	}
	if !c.Bool("template") {
		return p.writeSheet(c, e)
	}
	if c.String("where") != "" {
		return nil, usage("--template has no rows, so --where has no place beside it")
	}
	e.Sheet.Template = true
	s := job.NewSummary("export")
	if s.Reports, err = export.Write(e.Path, nil, e.Sheet); err != nil {
		return s, err
	}
	s.Reason = "written"
	fmt.Fprintf(p.humanOut(c), "Sheet   %s\n", text.Line(e.Path))
	return s, nil
}

// sheetOf is what export and set have in common.
func (p *program) sheetOf(c *cli.Context) (e job.Export, err error) {
	if e.Path = c.String("output"); e.Path == "" {
		return e, exit.Errorf(exit.Usage, "see taskrecon "+c.Command.Name+" --help", "%s needs -o FILE.xlsx or -o FILE.csv", c.Command.Name)
	}
	if err := export.Check(e.Path, c.Bool("overwrite")); err != nil {
		return e, &exit.Error{Code: exit.Usage, Err: err}
	}
	if expression := c.String("where"); expression != "" {
		picks, err := where.Compile(expression)
		if err != nil {
			return e, usage("--where: %w", err)
		}
		e.Where = picks.Match
	}
	if e.Where, err = ofKinds(c.StringSlice("kind"), e.Where); err != nil {
		return e, err
	}
	e.Sheet.Overwrite = c.Bool("overwrite")
	e.Sheet.Zone, err = p.zoneOf(c)
	return e, err
}

// ofKinds picks the tasks of some kinds, all where none is named, that another choice picks too.
func ofKinds(names []string, also func(*task.Task) (bool, error)) (func(*task.Task) (bool, error), error) {
	var kinds []*task.TaskKind
	for _, name := range names {
		k := task.KindNamed(name)
		if k == nil {
			return nil, usage("--kind %q is no kind of task; there are appVulnerability, unmanagedDeviceDiscovery and securityConfiguration", name)
		}
		kinds = append(kinds, k)
	}
	if kinds == nil {
		return also, nil
	}
	return func(t *task.Task) (bool, error) {
		if !slices.Contains(kinds, t.Kind()) || also == nil {
			return slices.Contains(kinds, t.Kind()), nil
		}
		return also(t)
	}, nil
}

func (p *program) set(c *cli.Context) (*job.Summary, error) {
	e, err := p.sheetOf(c)
	if err != nil {
		return nil, err
	}
	format := task.Format{Zone: e.Sheet.Zone, Order: task.DateOrder(c.String("date-order"))}
	change := new(edit.Edit)
	for _, words := range append(c.Args().Slice(), shortForms(c)...) {
		a, err := edit.ParseAssignment(words, format, os.ReadFile)
		if err != nil {
			return nil, usage("%s", err.Error())
		}
		change.Assignments = append(change.Assignments, a)
	}
	if path := c.String("map"); path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, usage("--map: %s", err.Error())
		}
		if change.Reassignments, err = edit.ParseReassignments(path, data); err != nil {
			return nil, &exit.Error{Code: exit.Input, Err: err, Hint: "nothing was written"}
		}
	}
	if err := change.Check(); err != nil {
		return nil, &exit.Error{Code: exit.Usage, Err: err, Hint: "see taskrecon set --help"}
	}
	if e.Where == nil && change.Reassignments == nil {
		return nil, usage("set needs --where; --where true picks every task")
	}
	e.Sheet.Shown = change.Properties()
	e.Sheet.Columns = slices.Clone(e.Sheet.Shown)
	if !slices.Contains(e.Sheet.Columns, task.DisplayName) {
		e.Sheet.Columns = slices.Insert(e.Sheet.Columns, 0, task.DisplayName)
	}
	e.Edit = change
	return p.writeSheet(c, e)
}

// shortForms are the assignments that flags of set stand for.
func shortForms(c *cli.Context) (words []string) {
	for _, f := range decisions {
		if c.Bool(f.flag) {
			words = append(words, task.Status.Name+"="+f.status)
		}
	}
	if c.IsSet("note") {
		words = append(words, task.Note.Name+"="+c.String("note"))
	}
	return words
}

// decisions are what people decide about a task, and the status that says so.
var decisions = []struct{ flag, status string }{{"accept", "active"}, {"reject", "rejected"}, {"complete", "completed"}}

func (p *program) writeSheet(c *cli.Context, e job.Export) (*job.Summary, error) {
	target, err := p.connect(c, false)
	if err != nil {
		return nil, err
	}
	defer target.close()
	e.Client, e.Cloud = target.client, target.cloud
	w := p.newWatcher(c)
	e.Again, e.Notice = w.Relisting, w.Noticed
	out := p.humanOut(c)
	w.status.Begin("reading the tenant's tasks")
	defer w.status.End()
	s, err := job.ExportTasks(c.Context, c.Command.Name, e, func(all, managed, picked int, amounts *diff.Amounts) {
		w.Fetched(all)
		w.status.End()
		if c.String("where") != "" || e.Edit != nil {
			fmt.Fprintf(out, "%s %s picked\n", text.Grouped(picked), screen.TenantWords(managed, all))
		}
		out.Amounts(amounts)
	})
	if err != nil {
		return s, err
	}
	if len(s.Reports) == 0 {
		fmt.Fprintln(out, s.Reason)
		return s, nil
	}
	if s.Next = p.commandLine(c, "plan", e.Path); e.Edit == nil {
		s.Next = "" // after the editing
	}
	what := task.Plural(s.Rows, "row")
	if e.Edit != nil {
		what += " to change"
	}
	fmt.Fprintf(out, "%s\n", what)
	for i, path := range s.Reports {
		w.Written("sheet", path)
		fmt.Fprintf(out, "%-7s %s\n", []string{"Sheet", "Base"}[min(i, 1)], text.Line(path))
	}
	if s.Next != "" {
		fmt.Fprintf(out, "Next    %s\n", text.Line(s.Next))
	}
	return s, nil
}
