package cli

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/job"
	"taskrecon/internal/runs"
	"taskrecon/internal/screen"
	"taskrecon/internal/text"
)

const pruneWord = "prune"

func (p *program) runsCommand() *cli.Command {
	return &cli.Command{
		Name: "runs", Usage: "list past runs, or remove old ones", UsageText: "taskrecon runs [FLAGS] [prune] [DIR]",
		Description: "Lists the ledgers in DIR (default: what --runs says) and in the directories there: when, who, what file, how it ended, how to go on " +
			"with what was cut short, and whether the ledger is as it was written. Exits with 4 if one is not.\n\n" +
			"\"runs prune --keep 90d\" removes the runs that ended longer ago, with their reports and undo sheets, so that they can no longer be undone or verified. " +
			"It lists them and asks first; without a terminal it needs --yes. A run that can still be gone on with stays, and so does a ledger that was altered.\n\n" +
			"Examples:\n  taskrecon runs --last 5\n  taskrecon runs --json archive\n  taskrecon runs prune --keep 90d --yes",
		Flags: join([]cli.Flag{
			flagOfRuns(),
			&cli.IntFlag{Name: "last", Category: outputFlags, Usage: "list the last `N` runs alone (default: all)"},
			&cli.StringFlag{Name: "keep", Category: inputFlags, Usage: "with prune: keep runs that ended less than `TIME` ago, such as 90d"},
			&cli.BoolFlag{Name: "yes", DisableDefaultText: true, Aliases: []string{"y"}, Category: inputFlags, Usage: "with prune: do not ask before removing"},
		}, flagsOfSpeech()),
		Action: func(c *cli.Context) error { return p.runCommand(c, p.runs) },
	}
}

func flagOfRuns() cli.Flag {
	return &cli.StringFlag{Name: "runs", Category: outputFlags, Value: "runs", Usage: "`DIR` of all runs"}
}

func (p *program) runs(c *cli.Context) (*job.Summary, error) {
	dir, args := c.String("runs"), c.Args().Slice()
	prunes := len(args) > 0 && args[0] == pruneWord
	if prunes {
		args = args[1:]
	}
	switch {
	case len(args) > 1:
		return nil, usage("runs takes one directory, not %d: %q", len(args), args)
	case prunes && c.Int("last") != 0 || !prunes && (c.IsSet("keep") || c.IsSet("yes")):
		return nil, usage("--keep and --yes are for runs prune, --last is for the list")
	case c.Int("last") < 0:
		return nil, usage("--last takes nothing below 0")
	case len(args) == 1:
		dir = args[0]
	}
	keep, err := ageOf(c.String("keep"))
	if prunes && err != nil {
		return nil, err
	}
	s := job.NewSummary("runs")
	all, err := runs.List(dir)
	if err != nil {
		return s, err
	}
	altered := 0
	for i := range all {
		if r := &all[i]; !r.Verified {
			altered++
		} else if !r.Passed {
			r.Next = "taskrecon apply " + fileWord(placeOf(r))
		}
	}
	if prunes {
		err = p.prune(c, s, all, dir, keep)
	} else {
		p.listRuns(c, s, all)
	}
	if err == nil && altered > 0 {
		err = exit.Errorf(exit.Input, "taskrecon verify LEDGER says where", "%s cannot be trusted", text.Plural(altered, "ledger"))
	}
	return s, err
}

func (p *program) listRuns(c *cli.Context, s *job.Summary, all []runs.Run) {
	if last := c.Int("last"); last > 0 {
		all = all[max(0, len(all)-last):]
	}
	s.Runs, s.Reason = all, text.Plural(len(all), "run")
	w := p.humanOut(c)
	fmt.Fprintln(w, "STARTED (UTC)        EXIT   ROWS  OUTCOMES")
	for i := range all {
		printRun(w, &all[i])
	}
}

// printRun prints how a run ended, where it is, and how to go on with it.
func printRun(w screen.Screen, r *runs.Run) {
	const column = 34 // of the outcomes
	if !r.Verified {
		fmt.Fprintf(w, "%-19s  %s\n    %s\n", "-", w.Paint(screen.Red, screen.Wrap(text.Line(r.Problem), 21, 21)), text.Line(placeOf(r)))
		return
	}
	code := "none"
	if r.ExitCode != nil {
		code = strconv.Itoa(*r.ExitCode)
	}
	words := fmt.Sprintf("%s %s: %s", r.Command, text.Line(r.File), diff.OutcomeWords(r.Outcomes))
	fmt.Fprintf(w, "%s  %4s %6d  %s\n", r.Started.UTC().Format(time.DateTime), code, r.Rows, screen.Wrap(words, column, column))
	fmt.Fprintf(w, "    %s  by %s\n", text.Line(placeOf(r)), text.Line(r.Operator))
	switch {
	case r.Passed:
	case r.Saved:
		fmt.Fprintf(w, "    %s %s\n", w.Paint(screen.Yellow, "a saved plan; to send it:"), text.Line(r.Next))
	case r.ExitCode == nil:
		fmt.Fprintf(w, "    %s\n      %s\n", w.Paint(screen.Yellow, "cut short, or still running; to go on:"), text.Line(r.Next))
	default:
		fmt.Fprintf(w, "    %s\n      %s\n", w.Paint(screen.Yellow, "something is left; to go on:"), text.Line(r.Next))
	}
}

// placeOf is where a run is: its directory, or its ledger where that is by itself.
func placeOf(r *runs.Run) string {
	if dir, name := filepath.Split(r.Ledger); name == runs.LedgerFile {
		return filepath.Clean(dir)
	}
	return r.Ledger
}

// ageOf reads a time in days, such as 90d, or as flags take times.
func ageOf(words string) (time.Duration, error) {
	age, err := time.ParseDuration(words)
	if days, ok := strings.CutSuffix(words, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		age = time.Duration(n) * 24 * time.Hour
	}
	switch {
	case words == "":
		return 0, usage("runs prune needs --keep TIME, such as --keep 90d")
	case err != nil || age < 0:
		return 0, usage("--keep %q is no time such as 90d or 36h", words)
	}
	return age, nil
}

// prune removes the runs that ended longer ago than keep says, once that is confirmed.
func (p *program) prune(c *cli.Context, s *job.Summary, all []runs.Run, dir string, keep time.Duration) error {
	old := runs.Old(all, time.Now().Add(-keep))
	left := 0
	for _, r := range all {
		if r.Verified && !r.Passed {
			left++
		}
	}
	w := p.humanOut(c)
	for i := range old {
		printRun(w, &old[i])
	}
	n := text.Plural(len(old), "run")
	kept := fmt.Sprintf("%d kept, of which %d can still be gone on with", len(all)-len(old), left)
	if s.Reason = "nothing to remove; " + kept; len(old) == 0 {
		fmt.Fprintln(w, s.Reason)
		return nil
	}
	fmt.Fprintf(w, "%s to remove, reports and undo sheets too: once removed, they can no longer be undone or verified; %s\n", n, kept)
	if !c.Bool("yes") {
		if !p.interactive() {
			return usage("runs prune without a terminal needs --yes; nothing was removed")
		}
		fmt.Fprintf(p.stderr, "Remove %s? Only \"yes\" removes: ", n)
		if yes, err := p.yes(c.Context); err != nil || !yes {
			return exit.Errorf(exit.Failed, "", "not confirmed; nothing was removed")
		}
	}
	for _, r := range old {
		if err := runs.Remove(r, dir); err != nil {
			return fmt.Errorf("removing the run %s: %w", placeOf(&r), err)
		}
		s.Runs = append(s.Runs, r)
	}
	s.Reason = n + " removed; " + kept
	fmt.Fprintln(w, s.Reason)
	return nil
}
