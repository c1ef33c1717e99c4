package cli

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/exit"
	"taskrecon/internal/job"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

func (p *program) runsCommand() *cli.Command {
	return &cli.Command{
		Name: "runs", Usage: "list past runs", UsageText: "taskrecon runs [FLAGS] [DIR]",
		Description: "Lists the ledgers in DIR (default: runs) and in the directories there: when, who, what file, how it ended, and whether " +
			"the ledger is as it was written. Exits with 4 if one is not.\n\nExamples:\n  taskrecon runs\n  taskrecon runs --json archive",
		Flags:  flagsOfSpeech(),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.runs) },
	}
}

func (p *program) runs(c *cli.Context) (*job.Summary, error) {
	dir := "runs"
	switch c.Args().Len() {
	case 0:
	case 1:
		dir = c.Args().First()
	default:
		return nil, usage("runs takes one directory, not %d: %q", c.Args().Len(), c.Args().Slice())
	}
	s := job.NewSummary("runs")
	past, err := job.History(dir)
	if err != nil {
		return s, err
	}
	s.Runs = past
	altered := 0
	out := tabwriter.NewWriter(p.humanOut(c), 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "STARTED\tCOMMAND\tOPERATOR\tFILE\tROWS\tOUTCOMES\tEXIT\tLEDGER")
	for _, r := range past {
		if !r.Verified {
			altered++
			fmt.Fprintf(out, "-\t-\t-\t-\t-\t%s\t-\t%s\n", text.Line(r.Problem), text.Line(r.Ledger))
			continue
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\n", r.Started.UTC().Format(time.DateTime), r.Command, text.Line(r.Operator),
			text.Line(r.File), r.Rows, job.OutcomeWords(r.Outcomes), exitWord(r.ExitCode), text.Line(r.Ledger))
	}
	if err := out.Flush(); err != nil {
		return s, err
	}
	if altered > 0 {
		return s, exit.Errorf(exit.Input, "taskrecon verify LEDGER says where", "%s cannot be trusted", task.Plural(altered, "ledger"))
	}
	s.Reason = task.Plural(len(past), "run")
	return s, nil
}

// exitWord is the exit code of a run, which one that is saved, cut short or under way has not.
func exitWord(code *int) string {
	if code == nil {
		return "none"
	}
	return fmt.Sprint(*code)
}
