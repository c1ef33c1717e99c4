package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/job"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report/verify"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

func (p *program) verifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "prove that a ledger and its report were not altered", UsageText: "taskrecon verify [FLAGS] LEDGER [REPORT.xlsx]",
		Description: "Checks every line of LEDGER against its hashes, and every cell of REPORT.xlsx against LEDGER, and names the first\n" +
			"line or cell that was altered. Lines that are missing at the end look like a run that was cut short: compare the\n" +
			"final hash with a copy of it kept elsewhere, as a report keeps one. Sheets, rows and columns that were hidden\n" +
			"by anything but a filter are named too, and so are altered document properties. How cells look otherwise is not\n" +
			"compared, nor the chart.\n" +
			"The directory of a run stands for the ledger in it.\n\n" +
			"Exits with 0 when both are as they were written, with 4 when one was altered or cannot be read, and with 1 when the\n" +
			"report is of an earlier state of the ledger.\n\n" +
			"Example: taskrecon verify runs/20261124T020000Z-1a2b3c/ledger.jsonl runs/20261124T020000Z-1a2b3c/report.xlsx",
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "signers", Category: inputFlags, Usage: "demand a signature by one of the allowed signers (as OpenSSH writes them) in `FILE`: a plan's LEDGER.sig, a run's LEDGER.run.sig"},
		}, flagsOfSpeech()),
		Action: func(c *cli.Context) error { return p.answer(c, p.verify) },
	}
}

func (p *program) verify(c *cli.Context) (*job.Summary, error) {
	n := c.Args().Len()
	if n == 0 {
		return nil, job.Fail(job.ExitUsage, "see taskrecon verify --help", "verify needs a ledger")
	}
	if n > 2 {
		return nil, usage("verify takes a ledger and a report, not %d files: %q", n, c.Args().Slice())
	}
	file, sheet := job.LedgerAt(c.Args().Get(0)), c.Args().Get(1)
	s := job.NewSummary("verify")
	past, err := ledger.Verify(file)
	if err != nil {
		return s, &job.Exit{Code: job.ExitInput, Err: err}
	}
	defer past.Close()
	pastSummary(s, past, file)
	w := p.people(c)
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
		words, err := signedBy(w, past, file, signers)
		if err != nil {
			return s, &job.Exit{Code: job.ExitInput, Err: err}
		}
		s.Reason += "; " + words
	}
	return s, nil
}

// signedBy demands the signature of a saved plan, or that of a run, and checks that of the plan which the run was, where it has one.
func signedBy(w io.Writer, past *ledger.Reader, file, signers string) (words string, err error) {
	allowed, err := readSmall(signers, mostOfSigners, nil)
	if err != nil {
		return "", fmt.Errorf("--signers: %w", err)
	}
	isPlan := past.Header.Command == "plan" && len(past.Resumes) == 0
	if !isPlan {
		if words, err = planSignedBy(w, past, file, allowed); err != nil {
			return "", err
		}
		file += ledger.RunSignatureSuffix
	} else {
		file += ledger.SignatureSuffix
	}
	signature, err := ledger.ReadSignature(file)
	if err != nil {
		return "", fmt.Errorf("the ledger is not signed: %w", err)
	}
	who, err := ledger.CheckSignature(signature, past.Final, bytes.NewReader(allowed))
	if err != nil {
		return "", fmt.Errorf("the signature %s: %w", file, err)
	}
	fmt.Fprintf(w, "Signed by   %s\n", text.Line(who))
	return words + "signed by " + who, nil
}

// planSignedBy looks for the signature of the plan that a run was, in the ledger and beside it. One that is there must be by one of the
// signers.
func planSignedBy(w io.Writer, past *ledger.Reader, file string, allowed []byte) (words string, err error) {
	var signatures [][]byte
	for _, leg := range past.Resumes {
		if leg.Signature != "" {
			signatures = append(signatures, []byte(leg.Signature))
		}
	}
	beside, err := ledger.ReadSignature(file + ledger.SignatureSuffix)
	if err == nil {
		signatures = append(signatures, beside)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	err = nil
	for _, signature := range signatures {
		var who string
		if who, err = ledger.CheckSignature(signature, past.PlanFinal(), bytes.NewReader(allowed)); err == nil {
			fmt.Fprintf(w, "Plan signed by  %s\n", text.Line(who))
			return "the plan signed by " + who + ", the run ", nil
		}
	}
	if err != nil {
		return "", fmt.Errorf("the signature of the plan: %w", err)
	}
	return "", nil
}

// printLedger says what is known of a ledger that is as it was written.
func printLedger(w io.Writer, past *ledger.Reader, file string) error {
	_, lines, err := past.Find("")
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %s, unaltered; run %s, %s\n", text.Line(file), task.Plural(lines, "line"), text.Line(past.Header.RunID), howItEnded(past))
	if past.End == nil {
		fmt.Fprintln(w, "Whether lines are missing at the end can only be told by a copy of the final hash kept elsewhere.")
	}
	return nil
}

// howItEnded says how the ledger ends. What is missing there is no alteration.
func howItEnded(past *ledger.Reader) string {
	words := "cut short: no end is recorded"
	switch {
	case past.End != nil:
		words = fmt.Sprintf("ended with exit code %d", past.End.ExitCode)
	case past.Planned():
		words = "a saved plan; nothing was sent"
	}
	if past.Torn {
		words += "; its last line is not whole, since the program was stopped while it wrote it"
	}
	return words
}

// rejectReport is the exit for a report that does not agree with its ledger.
func rejectReport(err error, made string) error {
	e := &job.Exit{Code: job.ExitInput, Err: err}
	switch {
	case errors.Is(err, verify.ErrAltered) && made != version():
		e.Hint = fmt.Sprintf("version %s made the run and may have worded its report otherwise; this is version %s", text.Line(made), version())
	case errors.Is(err, verify.ErrAltered):
	case errors.Is(err, verify.ErrDamaged):
		e.Hint = "only reports in .xlsx are compared"
	case errors.Is(err, verify.ErrEarlier):
		e.Code, e.Hint = job.ExitFailed, "render the report again with taskrecon report, or verify it with a copy of the ledger from then"
	default:
		return err
	}
	return e
}
