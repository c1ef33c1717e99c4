package cli

import (
	"fmt"
	"io"
	"maps"
	"strconv"

	"taskrecon/internal/diff"
	"taskrecon/internal/job"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// Rules of output: what a command answers goes to stdout, everything else to stderr; with --json
// stdout holds one object. Text from elsewhere goes through text.Line, so that it cannot begin a line of its own, move the
// cursor, change colours or reverse the line.

// promptChanges is how many changes apply shows before it asks; plan shows all.
const promptChanges = 20

// printPlan prints the changes, at most limit of them (0 is all), and the rows that cannot be acted on.
func printPlan(w io.Writer, plan *diff.Plan, limit int) {
	printed, left := 0, 0
	for i := range plan.Changes {
		c := &plan.Changes[i]
		if c.Outcome == diff.Unchanged || c.SameAs >= 0 {
			continue
		}
		if limit > 0 && printed == limit {
			left++
			continue
		}
		printed++
		printChange(w, c)
	}
	if left > 0 {
		fmt.Fprintf(w, "... and %d more\n", left)
	}
}

// printAmounts prints what edits amount to, a line for each property.
func printAmounts(w io.Writer, amounts *diff.Amounts) {
	lines := amounts.Lines()
	for _, line := range lines {
		fmt.Fprintln(w, text.Line(line))
	}
	if len(lines) > 0 {
		fmt.Fprintln(w)
	}
}

func printChange(w io.Writer, c *diff.Change) {
	name := ""
	if c.Current != nil {
		if v := c.Current.Get(task.DisplayName).String(); v != "" {
			name = "  " + strconv.QuoteToGraphic(v)
		}
	}
	fmt.Fprintf(w, "row %d  %s%s\n", c.Desired.Origin().Row, text.Line(c.ID()), name)
	if c.Outcome != diff.Pending {
		fmt.Fprintf(w, "    %s: %s\n", c.Outcome, text.Line(c.Reason))
	}
	printEdits(w, c.Edits)
	if c.Note != "" {
		fmt.Fprintf(w, "%*snote  %s\n", editIndent, "", quoted(c.Note).window(0, mostOfNote))
	}
}

// mostOfNote is how many characters of a note are shown, with its quotes.
const mostOfNote = 2000

// actionWords say how many changes of a plan set the status by the action, and how many notes leave for good.
func actionWords(plan *diff.Plan) string {
	actions, notes := plan.Actions()
	switch {
	case actions == 0:
		return ""
	case notes == 0:
		return fmt.Sprintf(" (status of %d by updateStatus)", actions)
	}
	return fmt.Sprintf(" (status of %d by updateStatus, %s to Defender that cannot be taken back)", actions, task.Plural(notes, "note"))
}

// planWords sums a plan up in one sentence, which counts every row.
func planWords(plan *diff.Plan) string {
	counts := map[diff.Outcome]int{}
	maps.Copy(counts, plan.Settled)
	rows, merged := len(plan.Changes), counts[diff.Pending]
	for _, n := range counts {
		rows += n
	}
	counts[diff.Pending] = 0
	for _, c := range plan.Changes {
		if c.Outcome == diff.Pending && c.SameAs >= 0 {
			merged++
			continue
		}
		counts[c.Outcome]++
	}
	words := fmt.Sprintf("%s: %d to change%s, %d as wanted already", task.Plural(rows, "row"), counts[diff.Pending], actionWords(plan), counts[diff.Unchanged])
	if merged > 0 {
		words += fmt.Sprintf(", %d merged with an earlier row", merged)
	}
	delete(counts, diff.Unchanged)
	if others := job.OutcomeWords(counts); others != "" {
		words += ", " + others
	}
	return words + fmt.Sprintf("; %d of the tenant's %s named by no row%s", len(plan.Unmanaged), task.Plural(plan.Tenant, "security task"), strangeWords(plan.Strange))
}

// strangeWords count the tasks of a tenant that are of kinds which are not known.
func strangeWords(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (and %s of kinds that are not known)", task.Plural(n, "task"))
}

// printSummary says how a run ended, where its files are and what comes next.
func printSummary(w io.Writer, s *job.Summary) {
	if s.Run == "" {
		return
	}
	if s.Command == "apply" {
		fmt.Fprintf(w, "%s: %s\n", task.Plural(s.Rows, "row"), s.Words())
		fmt.Fprintf(w, "%s and %s in %.1f s, %d throttled\n",
			task.Plural(s.Patches, "patch"), task.Plural(s.Requests, "request"), s.Seconds, s.Throttled)
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
