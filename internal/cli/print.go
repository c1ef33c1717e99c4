package cli

import (
	"fmt"
	"strings"

	"taskrecon/internal/exit"
	"taskrecon/internal/job"
	"taskrecon/internal/screen"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// Rules of output: what a command answers goes to stdout, everything else to stderr; with --json
// stdout holds one object. Text from elsewhere goes through text.Line, so that it cannot begin a line of its own, move the
// cursor, change colours or reverse the line.

// promptChanges is how many changes apply shows before it asks; plan shows all.
const promptChanges = 20

// printSummary says how a run ended, where its files are and what comes next.
func printSummary(w screen.Screen, s *job.Summary) {
	if s.Run == "" {
		return
	}
	if s.Command == "apply" {
		colour := screen.Green
		if s.ExitCode != exit.Done {
			colour = screen.Yellow
		}
		fmt.Fprintln(w, w.Paint(colour, fmt.Sprintf("%s: %s", task.Plural(s.Rows, "row"), s.Words())))
		fmt.Fprintf(w, "%s and %s in %.1f s, %d throttled%s\n",
			task.Plural(s.Patches, "patch"), task.Plural(s.Requests, "request"), s.Seconds, s.Throttled, waited(s))
	} else if words := waited(s); words != "" {
		fmt.Fprintln(w, strings.TrimPrefix(words, ", "))
	}
	for _, path := range s.Reports {
		fmt.Fprintf(w, "Report  %s\n", text.Line(path))
	}
	if s.Ledger != "" {
		fmt.Fprintf(w, "Ledger  %s\n", text.Line(s.Ledger))
	}
	if s.Next != "" {
		fmt.Fprintf(w, "Next    %s\n", text.Line(s.Next))
	}
}

// waited says how long a run waited for the limits and the service; "" where it hardly did.
func waited(s *job.Summary) string {
	if s.Waited < 0.05 {
		return ""
	}
	return fmt.Sprintf(", %.1f s waited for limits and the service", s.Waited)
}
