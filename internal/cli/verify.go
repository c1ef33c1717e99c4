package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/exit"
	"taskrecon/internal/job"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report/verify"
	"taskrecon/internal/secret"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

func (p *program) verifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "prove that a ledger and its report were not altered", UsageText: "taskrecon verify [FLAGS] LEDGER [REPORT.xlsx]",
		Description: "Checks every line of LEDGER against its hashes, and every cell of REPORT.xlsx against LEDGER, and names the first " +
			"line or cell that was altered. Lines that are missing at the end look like a run that was cut short: compare the " +
			"final hash with a copy of it kept elsewhere, as a report keeps one. Sheets, rows and columns that were hidden " +
			"by anything but a filter are named too, and so are altered document properties. How cells look otherwise is not " +
			"compared, nor the chart. " +
			"The directory of a run means the ledger in it.\n\n" +
			"Exits with 0 when both are as they were written, with 4 when one was altered or cannot be read, and with 1 when the " +
			"report is of an earlier state of the ledger.\n\n" +
			"Example:\n  taskrecon verify runs/20261124T020000Z-1a2b3c/ledger.jsonl report.xlsx",
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "signers", Category: inputFlags, Usage: "demand a signature by one of the allowed signers (as OpenSSH writes them) in `FILE`: a plan's LEDGER.sig, a run's LEDGER.run.sig"},
		}, flagsOfSpeech()),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.verify) },
	}
}

func (p *program) verify(c *cli.Context) (*job.Summary, error) {
	n := c.Args().Len()
	if n == 0 {
		return nil, exit.Errorf(exit.Usage, "see taskrecon verify --help", "verify needs a ledger")
	}
	if n > 2 {
		return nil, usage("verify takes a ledger and a report, not %d files: %q", n, c.Args().Slice())
	}
	file, sheet := job.LedgerAt(c.Args().Get(0)), c.Args().Get(1)
	s := job.NewSummary("verify")
	past, err := ledger.Verify(file)
	if err != nil {
		return s, &exit.Error{Code: exit.Input, Err: err}
	}
	defer past.Close()
	s.OfPast(past, file)
	w := p.humanOut(c)
	if err := printLedger(w, past, file); err != nil {
		return s, err
	}
	s.Reason = "the ledger is as it was written"
	if sheet != "" {
		s.Reports = append(s.Reports, sheet)
		found, err := verify.Workbook(sheet, past)
		if err != nil {
			return s, rejectReport(err, past.Header.Version)
		}
		fmt.Fprintf(w, "%s: %s, as the ledger says\n", text.Line(sheet), found)
		s.Reason = "the ledger is as it was written, and the report as the ledger says"
	}
	fmt.Fprintf(w, "Final hash  %s\n", past.Final)
	if signers := c.String("signers"); signers != "" {
		allowed, err := secret.Small(signers, mostOfSigners, nil)
		if err != nil {
			return s, exit.Errorf(exit.Input, "", "--signers: %w", err)
		}
		who, plan, err := job.SignedBy(past, file, allowed)
		if err != nil {
			return s, &exit.Error{Code: exit.Input, Err: err}
		}
		if s.Reason += "; "; plan != "" {
			fmt.Fprintf(w, "Plan signed by  %s\n", text.Line(plan))
			s.Reason += "the plan signed by " + plan + ", the run "
		}
		fmt.Fprintf(w, "Signed by   %s\n", text.Line(who))
		s.Reason += "signed by " + who
	}
	return s, nil
}

// printLedger says what is known of a ledger that is as it was written.
func printLedger(w io.Writer, past *ledger.Reader, file string) error {
	_, lines, err := past.Find("")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %s, unaltered; run %s, %s\n", text.Line(file), task.Plural(lines, "line"), text.Line(past.Header.RunID), past.Ending())
	if past.End == nil {
		fmt.Fprintln(w, "Whether lines are missing at the end can only be seen from a copy of the final hash kept elsewhere.")
	}
	return nil
}

// rejectReport is the exit for a report that does not agree with its ledger.
func rejectReport(err error, made string) error {
	e := &exit.Error{Code: exit.Input, Err: err}
	switch {
	case errors.Is(err, verify.ErrAltered) && made != version():
		e.Hint = fmt.Sprintf("version %s made the run and may have worded its report otherwise; this is version %s", text.Line(made), version())
	case errors.Is(err, verify.ErrAltered):
	case errors.Is(err, verify.ErrDamaged):
		e.Hint = "only reports in .xlsx are compared"
	case errors.Is(err, verify.ErrEarlier):
		e.Code, e.Hint = exit.Failed, "render the report again with taskrecon report, or verify it with a copy of the ledger from then"
	default:
		return err
	}
	return e
}
