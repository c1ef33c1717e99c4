package probe

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// Print prints what a probe found, a trait a line.
func (p *Profile) Print(w io.Writer) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(out, "%s\t%s\n", name, text.Line(fmt.Sprintf(format, args...)))
	}
	if p.PatchStatus > 0 {
		body := map[string]string{"new": "with the task as it is then", "old": "with the task as it was before", "none": "without a task"}[p.PatchBody]
		line("a PATCH answers", "%d, %s", p.PatchStatus, body)
		line("reads lag", "%.1f s, the list %.1f s", p.ReadLag, p.ListLag)
	}
	line("PATCH of status", "%s", p.StatusPatch)
	switch {
	case p.EnumsAsDocumented:
		line("members", "spelled as documented")
	default:
		var odd []string
		for _, name := range slices.Sorted(maps.Keys(p.Enums)) {
			odd = append(odd, fmt.Sprintf("%s %q", name, p.Enums[name]))
		}
		line("members", "spelled in another case: %s", strings.Join(odd, ", "))
	}
	line("dates", "%s in the fraction of a second", task.Plural(p.DateDigits, "digit"))
	line("ETag", "%s", map[bool]string{true: "yes", false: "no"}[p.ETag])
	if len(p.Limits) == 0 {
		line("limits", "no header speaks of them")
	}
	for _, name := range slices.Sorted(maps.Keys(p.Limits)) {
		line("limits", "%s: %s", name, p.Limits[name])
	}
	for _, name := range slices.Sorted(maps.Keys(p.Settings)) {
		line("so", "--%s %s", name, p.Settings[name])
	}
	_ = out.Flush()
}
