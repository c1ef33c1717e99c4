package screen

import (
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// Plan prints the changes, at most limit of them (0 is all), and the rows that cannot be acted on.
func (w Screen) Plan(plan *diff.Plan, limit int) {
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
		w.change(c)
	}
	if left > 0 {
		fmt.Fprintf(w, "... and %d more\n", left)
	}
}

// Amounts prints what edits amount to, a line for each property.
func (w Screen) Amounts(amounts *diff.Amounts) {
	lines := amounts.Lines()
	for _, line := range lines {
		name, words, _ := strings.Cut(line, ": ")
		fmt.Fprintf(w, "%s: %s\n", w.Paint(Bold, name), Wrap(text.Line(words), len(name)+2, editIndent))
	}
	if len(lines) > 0 {
		fmt.Fprintln(w)
	}
}

// together matches what is not broken between lines: a number and what it counts.
var together = regexp.MustCompile(`[0-9][0-9,]* [^ ,;:]+( [0-9][0-9,]*)?[,;:]?|[^ ]*[^ ,;:] [0-9][0-9,]*[;:]?|[^ ]+`)

// Wrap breaks a text that begins in a column into lines of the screen's width. The later ones are indented.
func Wrap(text string, column, indent int) string {
	var b strings.Builder
	for _, part := range together.FindAllString(text, -1) {
		n := utf8.RuneCountInString(part)
		switch {
		case column+1+n > Width && column > indent:
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

func (w Screen) change(c *diff.Change) {
	name := ""
	if c.Current != nil {
		if v := c.Current.Get(task.DisplayName).String(); v != "" {
			name = "  " + strconv.QuoteToGraphic(v)
		}
	}
	fmt.Fprintf(w, "%s  %s%s\n", w.Paint(Bold, fmt.Sprintf("row %d", c.Desired.Origin().Row)), text.Line(c.ID()), name)
	if c.Outcome != diff.Pending {
		fmt.Fprintf(w, "    %s: %s\n", w.Paint(Yellow, string(c.Outcome)), text.Line(c.Reason))
	}
	w.edits(c.Edits)
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

// TenantWords says of a number of tasks which ones it counts. All is how many there are of any kind, 0 where that is not known.
func TenantWords(managed, all int) string {
	words := "of the tenant's " + text.Count(managed, "managed task")
	if all > managed {
		words += fmt.Sprintf(" (of %s in all)", text.Grouped(all))
	}
	return words
}

// PlanWords sums a plan up in one sentence, which counts every row. All is as in TenantWords.
func PlanWords(plan *diff.Plan, all int) string {
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
	if others := diff.OutcomeWords(counts); others != "" {
		words += ", " + others
	}
	return words + fmt.Sprintf("; %s %s named by no row", text.Grouped(len(plan.Unmanaged)), TenantWords(plan.Tenant, all))
}
