package ingest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"taskrecon/internal/task"
)

// baseName is the header of the column that ties a row to its base, and the name of the sheet that holds the base.
const baseName = "taskrecon base"

// base is what the tasks of a sheet held when it was made, by task.Key.
type base struct {
	id     string
	source Source
	zone   *time.Location
	lines  []string // as they were read
	tasks  map[string]*task.Base
}

// baseHeader is the first line of a base; a line for each task follows.
type baseHeader struct {
	Format int    `json:"taskreconBase"`
	ID     string `json:"id,omitempty"` // hash of all that the base says beside it
	Source
	Tasks int `json:"tasks"`
}

const baseFormat = 1

// The members of a task's line that are no properties: see task.Base. A line without the first was read when the sheet was made.
const (
	readMember   = "baseRead"
	closesMember = "baseCloses"
)

// basePath is where the base of a CSV file lies: tasks.base.jsonl for tasks.csv.
func basePath(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".base.jsonl"
}

// encodeBase makes the lines of the base of a sheet, and the id that ties the sheet's rows to it. The lines are
// ASCII, so that no program between can take them for something else.
func encodeBase(rows []SheetRow, src Source) (id string, lines []string, err error) {
	lines = make([]string, 1, len(rows)+1)
	for _, row := range rows {
		line, err := encodeTask(row.Base)
		if err != nil {
			return "", nil, err
		}
		lines = append(lines, line)
	}
	src.At = src.At.UTC().Truncate(time.Millisecond)
	h := baseHeader{Format: baseFormat, Source: src, Tasks: len(rows)}
	if h.ID, err = h.hash(lines[1:]); err != nil {
		return "", nil, err
	}
	lines[0], err = ascii(h)
	return h.ID, lines, err
}

// hash is the id of a base with this header and these lines.
func (h baseHeader) hash(lines []string) (string, error) {
	h.ID = ""
	first, err := ascii(h)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	fmt.Fprintln(sum, first)
	for _, line := range lines {
		fmt.Fprintln(sum, line)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// encodeTask writes the known properties in table order.
func encodeTask(b *task.Base) (string, error) {
	var out strings.Builder
	id, err := ascii(b.ID)
	if err != nil {
		return "", err
	}
	out.WriteString(`{"id":` + id)
	for _, at := range []struct {
		name string
		time time.Time
	}{{readMember, b.Read}, {closesMember, b.Closes}} {
		if !at.time.IsZero() {
			fmt.Fprintf(&out, `,%q:%q`, at.name, at.time.UTC().Format(time.RFC3339Nano))
		}
	}
	for _, p := range task.All() {
		v, known := b.Get(p)
		if !known {
			continue
		}
		text, err := ascii(v)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&out, `,%q:%s`, p.Name, text)
	}
	out.WriteByte('}')
	return out.String(), nil
}

// ascii is JSON without a character beyond ASCII, and without "_x", which workbooks take for an escape.
func ascii(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	plain := true
	for _, c := range data {
		plain = plain && c < 0x7f && c != '_'
	}
	if plain {
		return string(data), nil
	}
	var out strings.Builder
	for _, r := range string(data) {
		switch {
		case r < 0x7f && r != '_':
			out.WriteByte(byte(r))
		case r <= 0xffff:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
	}
	return out.String(), nil
}

var errBase = errors.New(`its base was changed or damaged, so that nobody can tell what was edited; export again, or delete the column "` + baseName + `" to ask for every value in it`)

// decodeBase reads what encodeBase wrote, and refuses it where a single character differs.
func decodeBase(lines []string) (*base, error) {
	if len(lines) == 0 {
		return nil, errBase
	}
	var h baseHeader
	if json.Unmarshal([]byte(lines[0]), &h) != nil || h.Tasks != len(lines)-1 {
		return nil, errBase
	}
	if h.Format != baseFormat {
		return nil, fmt.Errorf("its base is of format %d, which this version does not read (%d)", h.Format, baseFormat)
	}
	if id, err := h.hash(lines[1:]); err != nil || id != h.ID {
		return nil, errBase
	}
	b := &base{id: h.ID, source: h.Source, lines: lines, tasks: make(map[string]*task.Base, h.Tasks)}
	var err error
	if b.zone, err = time.LoadLocation(h.Zone); err != nil {
		return nil, fmt.Errorf("its base names the time zone %q, which is not known here", clip(h.Zone))
	}
	for _, line := range lines[1:] {
		var values map[string]task.Value
		if json.Unmarshal([]byte(line), &values) != nil {
			return nil, errBase
		}
		t := &task.Base{ID: values[task.IDName].String(), Read: h.At, Closes: timeIn(values[closesMember])}
		if at := timeIn(values[readMember]); !at.IsZero() {
			t.Read = at
		}
		for name, v := range values {
			if p := task.Lookup(name); p != nil {
				t.Set(p, v)
			}
		}
		b.tasks[task.Key(t.ID)] = t
	}
	return b, nil
}

// timeIn is a time in a base, or zero.
func timeIn(v task.Value) time.Time {
	at, err := time.Parse(time.RFC3339Nano, v.String())
	if err != nil {
		return time.Time{}
	}
	return at
}

// readBaseFile reads the base that lies beside a CSV file; nil where none does.
func readBaseFile(path string) (*base, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("its base cannot be opened: %w", err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(io.LimitReader(f, maxFileSize+1), 256<<10)
	var lines []string
	for size := 0; ; {
		line, err := in.ReadBytes('\n')
		if size += len(line); size > maxFileSize {
			return nil, fmt.Errorf("its base is too big: more than %d MiB", maxFileSize>>20)
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			lines = append(lines, string(line))
		}
		switch {
		case err == io.EOF:
			b, err := decodeBase(lines)
			if err != nil {
				return nil, fmt.Errorf("%w (%s)", err, filepath.Base(path))
			}
			return b, nil
		case err != nil:
			return nil, fmt.Errorf("its base cannot be read: %w", err)
		}
	}
}
