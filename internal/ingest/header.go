package ingest

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/agnivade/levenshtein"

	"taskrecon/internal/base"
	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

// taskID is the other name that a header may give the key.
const taskID = "Task ID"

// match is what a header's text means; the zero match is a column of the user's own.
type match struct {
	id       bool
	property *task.Property
	pair     string // of intendedSettings, where the column is for one pair of it
	base     bool   // the column that ties a row to its base
	twice    bool   // another column is for the same already
	near     string // a name that was probably meant
	short    bool   // which is a guess from a word that people use for their own columns too
	renamed  bool   // which the column had when the sheet was made
}

// known reports whether the column is of the task, and not the user's own.
func (m match) known() bool { return m.id || m.property != nil }

// text reports whether the column's cells are read as the service will get them: not those of the user's own columns.
func (m match) text() bool { return m.id || m.property != nil && m.property.Writable }

// wishes reports whether a cell of the column asks for something.
func (m match) wishes() bool { return m.text() && !m.id && m.property != task.Note }

// name is what messages call the column.
func (m match) name() string {
	switch {
	case m.id:
		return task.IDName
	case m.pair != "":
		return m.property.Name + "." + m.pair
	case m.property != nil:
		return m.property.Name
	case m.base:
		return base.Name
	}
	return ""
}

// header is the row that holds the names, understood.
type header struct {
	columns []match // by column; further columns are the user's own
	base    int     // column that ties rows to their base, or 0
	width   int     // cells up to the last that is not blank
	widest  int     // with blank ones at the end
	asks    bool    // a column can ask for something
}

func (h *header) at(i int) match {
	if i < len(h.columns) {
		return h.columns[i]
	}
	return match{}
}

// longestName is how many bytes of a header can be, or be nearly, the name of a property.
const longestName = 256

func matchHeader(text string) match {
	if len(text) > longestName {
		m, _ := matchPair(text)
		return m
	}
	folded := task.FoldName(text)
	if folded == task.IDName || folded == task.FoldName(taskID) {
		return match{id: true}
	}
	if p := task.Named(text); p != nil {
		return match{property: p}
	}
	if folded == task.FoldName(base.Name) {
		return match{base: true}
	}
	if m, ok := matchPair(text); ok {
		return m
	}
	bare := task.FoldName(bracketed().ReplaceAllString(text, ""))
	if p := task.Named(bare); p != nil {
		return match{near: p.Name}
	}
	if p := shortNames[bare]; p != nil {
		return match{near: p.Name, short: true}
	}
	return match{near: cmp.Or(nearName(folded), exactID(bare))}
}

// bracketed matches what people write behind a name, such as " (UTC)".
var bracketed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\s*[(\[{<].*[)\]}>]\s*$`) })

// shortNames are what people call properties. A header with one of these names is one of the user's own beside the property's column.
var shortNames = map[string]*task.Property{"due": task.DueDateTime, "assignee": task.AssignedTo}

// matchPair understands "intendedSettings.NAME". What follows the first dot is the name as it is.
func matchPair(text string) (match, bool) {
	property, name, dot := strings.Cut(text, ".")
	if name = strings.TrimFunc(name, unicode.IsSpace); !dot || name == "" || len(property) > longestName {
		return match{}, false
	}
	if pair := task.PairColumn(text); pair != "" {
		return match{property: task.IntendedSettings, pair: pair}, true
	}
	if whole := task.IntendedSettings.Name; nearName(task.FoldName(property)) == whole {
		return match{near: whole + "." + name}, true
	}
	return match{}, false
}

// nearName returns the name that a folded header was probably meant to be, or "". A column that is
// wrongly taken for the user's own is silently not applied; one that is wrongly taken for a slip stops
// the run. So short names must be nearer than long ones, and id almost exact, since "UID", "Row" and
// "Request ID" are columns that people have.
func nearName(folded string) string {
	if id := exactID(strings.Trim(folded, ":.*#()[]\"'")); id != "" {
		return id
	}
	best, least := "", 4
	for _, p := range task.All() {
		name := task.FoldName(p.Name)
		d := levenshtein.ComputeDistance(folded, name)
		switch {
		case d == 2 && sameLetters(folded, name):
			d = 1 // two letters changed places
		case p.Writable && len(folded)*5 >= len(name)*3 && strings.HasPrefix(name, folded):
			d = min(d, 1) // "Due date" for dueDateTime
		}
		if d < least && d <= max(1, (len(name)-2)/3) {
			best, least = p.Name, d
		}
	}
	return best
}

func exactID(folded string) string {
	switch folded {
	case task.IDName, "ids", "taskid", "taskids", "taskguid":
		return task.IDName
	}
	return ""
}

func sameLetters(a, b string) bool {
	x, y := []rune(a), []rune(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// readHeader understands the header and notes its problems.
func (b *builder) readHeader(rec record) error {
	b.hasHeader, b.in.Header, b.header.width, b.header.widest = true, rec.row, len(rec.cells), rec.width
	b.columns = &task.Columns{File: b.in.File, Sheet: b.in.Sheet}
	b.columns.Widen(len(rec.cells))
	seen := map[string]int{} // name to the first column that has it
	for i, c := range rec.cells {
		b.in.Columns = append(b.in.Columns, strings.Clone(c.text))
		if blank(c.text) {
			b.header.columns = append(b.header.columns, match{})
			continue
		}
		if len(c.text) > maxCellSize {
			b.headerProblem(rec.row, i+1, fmt.Sprintf("the cell holds %d bytes; at most %d are read", len(c.text), maxCellSize))
			b.in.Columns[i] = clip(c.text)
			b.header.columns = append(b.header.columns, match{twice: true})
			continue
		}
		m := b.matchColumn(c.text)
		if r := strings.IndexFunc(m.pair, oddSpace); r >= 0 {
			b.headerProblem(rec.row, i+1, fmt.Sprintf("column %q holds an invisible character or a no-break space, which no setting's name has", clip(c.text)))
		}
		named := m.known() || m.base
		if first, twice := seen[m.name()]; named && twice {
			b.headerProblem(rec.row, i+1, fmt.Sprintf("%s has two columns, %s and %s; keep one of them", m.name(), xlsx.ColumnName(first), xlsx.ColumnName(i+1)))
			m = match{twice: true}
		} else if named {
			seen[m.name()] = i + 1
		}
		switch {
		case m.id:
			b.in.IDColumn = i + 1
		case m.base:
			b.header.base = i + 1
		case m.property == task.Note:
			b.noteColumn = i + 1
		case m.property == task.Status:
			b.statusColumn = i + 1
			b.wishes(m, i)
		case m.wishes():
			b.wishes(m, i)
		}
		b.header.columns = append(b.header.columns, m)
	}
	if err := b.takeBase(); err != nil {
		return err
	}
	b.findRenamed(seen)
	b.checkNearNames(seen)
	b.checkID()
	for _, p := range task.All() {
		if !p.Writable && seen[p.Name] > 0 {
			b.notice(p.Name + " is read-only; its column is ignored")
		}
	}
	return nil
}

// findRenamed finds the columns of an exported sheet that have another header than they had: those of no property, where the base's header
// has a property that the sheet lacks.
func (b *builder) findRenamed(seen map[string]int) {
	if b.base == nil {
		return
	}
	was := b.base.Source.Columns
	at := -1 // in was, of the column that was found last
	for i := range b.header.columns {
		m, text := &b.header.columns[i], b.in.Columns[i]
		same := func(name string) bool { return task.FoldName(name) == task.FoldName(text) }
		if j := slices.IndexFunc(was, same); j >= 0 {
			at = j
			continue
		}
		if blank(text) || m.known() || m.base || m.twice || at+1 >= len(was) || slices.ContainsFunc(b.ownColumns, same) {
			continue
		}
		if p := task.Named(was[at+1]); p != nil && p.Writable && seen[p.Name] == 0 {
			*m = match{near: p.Name, renamed: true}
			at++
		}
	}
}

// matchColumn is matchHeader for a header that --own-columns may say is the user's own.
func (b *builder) matchColumn(text string) match {
	m := matchHeader(text)
	if b.notes && task.FoldName(text) == task.Note.Name {
		m = match{property: task.Note}
	}
	own := func(name string) bool { return task.FoldName(name) == task.FoldName(text) }
	if !m.id && !m.base && slices.ContainsFunc(b.ownColumns, own) {
		return match{}
	}
	return m
}

// checkNearNames makes a problem of each column that is nearly named after a property. A short name is the user's own where the
// property that it might mean has a column.
func (b *builder) checkNearNames(seen map[string]int) {
	for i := range b.header.columns {
		m := &b.header.columns[i]
		if m.near == "" {
			continue
		}
		if m.short && seen[m.near] > 0 {
			m.near = ""
			continue
		}
		if m.renamed {
			b.headerProblem(b.in.Header, i+1, fmt.Sprintf("column %q was %q when this sheet was made; name it so again. If it is a column of your own, say --own-columns %q",
				clip(b.in.Columns[i]), m.near, clip(b.in.Columns[i])))
			continue
		}
		b.headerProblem(b.in.Header, i+1, fmt.Sprintf("column %q is not a property; did you mean %q? If it is a column of your own, say --own-columns %q",
			clip(b.in.Columns[i]), m.near, clip(b.in.Columns[i])))
	}
}

// checkID makes a problem of a header without an id, and says why where that shows.
func (b *builder) checkID() {
	if b.in.IDColumn > 0 {
		return
	}
	problem := "no column is named id, so no row can be matched to a task; columns seen: " + b.seenColumns() + b.elsewhereHint()
	if b.csv && !b.sepNamed && b.header.width == 1 {
		for _, d := range delimiters {
			if fields, err := newCSVReader([]byte(b.in.Columns[0]), d).Read(); err == nil && hasID(fields) {
				problem = "the whole header is in one quoted cell; " + quotedWhole
			}
		}
	}
	b.headerProblem(b.in.Header, 0, problem)
}

func (b *builder) wishes(m match, i int) {
	b.columns.Ask(i, m.property, m.pair)
	b.header.asks = true
	switch {
	case m.pair != "":
		b.pairs = append(b.pairs, i)
	case m.property == task.IntendedSettings:
		b.wholeSettings = i + 1
	}
}

func (b *builder) headerProblem(row, column int, message string) {
	b.in.Problems = append(b.in.Problems, b.problem(row, column, message))
	b.in.HeaderProblems = len(b.in.Problems)
}

func (b *builder) seenColumns() string {
	var names []string
	for _, c := range b.in.Columns {
		if !blank(c) {
			names = append(names, fmt.Sprintf("%q", clip(c)))
		}
	}
	return list(names)
}

// noticeOwnColumns names the columns that are not properties: those with a header, and those without
// one that hold data.
func (b *builder) noticeOwnColumns() {
	var names []string
	for i, text := range b.in.Columns {
		switch m := b.header.at(i); {
		case m.known() || m.near != "" || m.base || m.twice || b.header.base > 0 && shownColumn(text):
		case !blank(text):
			names = append(names, fmt.Sprintf("%q", clip(text)))
		case b.used[i]:
			names = append(names, xlsx.ColumnName(i+1)+" (no header)")
		}
	}
	if len(names) > 0 {
		b.notice("these columns are not properties and are not sent: " + list(names))
	}
}
