package cli

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
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
func printPlan(w screen, plan *diff.Plan, limit int) {
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
func printAmounts(w screen, amounts *diff.Amounts) {
	lines := amounts.Lines()
	for _, line := range lines {
		name, words, _ := strings.Cut(line, ": ")
		fmt.Fprintf(w, "%s: %s\n", w.paint(bold, name), hanging(text.Line(words), len(name)+2, editIndent))
	}
	if len(lines) > 0 {
		fmt.Fprintln(w)
	}
}

// together matches what is not broken between lines: a number and what it counts.
var together = regexp.MustCompile(`[0-9][0-9,]* [^ ,;:]+( [0-9][0-9,]*)?[,;:]?|[^ ]*[^ ,;:] [0-9][0-9,]*[;:]?|[^ ]+`)

// hanging breaks a text that begins in a column into lines of the screen's width. The later ones are indented.
func hanging(text string, column, indent int) string {
	var b strings.Builder
	for _, part := range together.FindAllString(text, -1) {
		n := utf8.RuneCountInString(part)
		switch {
		case column+1+n > screenWidth && column > indent:
			fmt.Fprintf(&b, "\n%*s", indent, "")
			column = indent
		case b.Len() > 0:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(part)
		column += n
	}
	return b.String()
}

func printChange(w screen, c *diff.Change) {
	name := ""
	if c.Current != nil {
		if v := c.Current.Get(task.DisplayName).String(); v != "" {
			name = "  " + strconv.QuoteToGraphic(v)
		}
	}
	fmt.Fprintf(w, "%s  %s%s\n", w.paint(bold, fmt.Sprintf("row %d", c.Desired.Origin().Row)), text.Line(c.ID()), name)
	if c.Outcome != diff.Pending {
		fmt.Fprintf(w, "    %s: %s\n", w.paint(yellow, string(c.Outcome)), text.Line(c.Reason))
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

// tenantWords says of a number of tasks which ones it counts. All is how many there are of any kind, 0 where that is not known.
func tenantWords(managed, all int) string {
	words := "of the tenant's " + text.Count(managed, "managed task")
	if all > managed {
		words += fmt.Sprintf(" (of %s in all)", text.Grouped(all))
	}
	return words
}

// planWords sums a plan up in one sentence, which counts every row. All is as in tenantWords.
func planWords(plan *diff.Plan, all int) string {
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
	return words + fmt.Sprintf("; %s %s named by no row", text.Grouped(len(plan.Unmanaged)), tenantWords(plan.Tenant, all))
}

// printSummary says how a run ended, where its files are and what comes next.
func printSummary(w screen, s *job.Summary) {
	if s.Run == "" {
		return
	}
	if s.Command == "apply" {
		colour := green
		if s.ExitCode != exit.Done {
			colour = yellow
		}
		fmt.Fprintln(w, w.paint(colour, fmt.Sprintf("%s: %s", task.Plural(s.Rows, "row"), s.Words())))
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
