package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/export"
	"taskrecon/internal/job"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

func (p *program) undoCommand() *cli.Command {
	return &cli.Command{
		Name: "undo", Usage: "write the desired sheet that takes a run back", UsageText: "taskrecon undo [FLAGS] LEDGER -o FILE.xlsx|FILE.csv",
		Description: "Writes a sheet that restores what the run of LEDGER changed, and only that. Look at it, and apply it like any other. " +
			"What somebody else has changed since that run is a conflict then, and is not overwritten. The directory of a run " +
			"means the ledger in it.\n\n" +
			"Example:\n  taskrecon undo runs/20261124T020000Z-1a2b3c/ledger.jsonl -o undo.xlsx",
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Category: outputFlags, Usage: "write the sheet to `FILE.xlsx|FILE.csv`"},
			&cli.BoolFlag{Name: "overwrite", DisableDefaultText: true, Category: outputFlags, Usage: "replace the file if it exists already"},
		}, flagsOfSpeech()),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.undo) },
	}
}

func (p *program) undo(c *cli.Context) (*job.Summary, error) {
	file, err := oneFile(c, "a ledger")
	if err != nil {
		return nil, err
	}
	out := c.String("output")
	if out == "" {
		return nil, exit.Errorf(exit.Usage, "see taskrecon undo --help", "undo needs -o FILE.xlsx or -o FILE.csv")
	}
	if err := export.Check(out, c.Bool("overwrite")); err != nil {
		return nil, &exit.Error{Code: exit.Usage, Err: err}
	}
	file = job.LedgerAt(file)
	past, err := ledger.Open(file)
	if err != nil {
		return nil, &exit.Error{Code: exit.Input, Err: err, Hint: "nothing was written"}
	}
	defer past.Close()
	s := job.NewSummary("undo")
	s.Run, s.Ledger = past.Header.RunID, file
	done, err := job.WriteUndo(past, out, c.Bool("overwrite"))
	if err != nil {
		return s, err
	}
	s.Rows, s.Changes, s.Outcomes[diff.NotSent] = done.Rows, done.Rows, done.Rows
	s.Reports = done.Files
	s.Reason = fmt.Sprintf("%s of the run to take back", task.Plural(done.Rows, "change"))
	if n := len(done.Left); n > 0 {
		s.Reason += fmt.Sprintf("; %s cannot be taken back by a sheet", task.Plural(n, "thing"))
	}
	for _, words := range done.Left {
		fmt.Fprintf(p.stderr, "not taken back: %s\n", text.Line(words))
	}
	w := p.humanOut(c)
	fmt.Fprintf(w, "%s\nSheet   %s\n", text.Line(s.Reason), text.Line(out))
	if done.Rows > 0 {
		s.Next = "taskrecon plan " + fileWord(out)
		fmt.Fprintf(w, "Next    %s\n", text.Line(s.Next))
	}
	return s, nil
}
