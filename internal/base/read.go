package base

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// maxFile is the size in bytes up to which a base beside a CSV is read.
const maxFile = 512 << 20

// Base is a base as it was read.
type Base struct {
	ID     string
	Source Source
	Zone   *time.Location // nil where the source names none
	Lines  []string       // as they were read
	rows   map[string]Row // by task.Key
}

// Row is what the base says of a task; ok is false for one that it does not know.
func (b *Base) Row(id string) (r Row, ok bool) {
	r, ok = b.rows[task.Key(id)]
	return r, ok
}

// ErrAltered says that the lines are not those that were written.
var ErrAltered = errors.New(`its base was changed or damaged, so that it cannot be known what was edited; export again, or delete the column "` + Name + `" to ask for every value in it`)

// Decode reads what Encode wrote, and refuses it where a single character differs.
func Decode(lines []string) (*Base, error) {
	if len(lines) == 0 {
		return nil, ErrAltered
	}
	var h Header
	if json.Unmarshal([]byte(lines[0]), &h) != nil || h.Format == Format && h.Tasks != len(lines)-1 {
		return nil, ErrAltered
	}
	if h.Format != Format {
		return nil, fmt.Errorf("its base is of format %d, which this version does not read (%d)", h.Format, Format)
	}
	var sum Sum
	for _, line := range lines[1:] {
		sum.Add(line)
	}
	if id, err := sum.id(h); err != nil || id != h.ID {
		return nil, ErrAltered
	}
	b := &Base{ID: h.ID, Source: h.Source, Lines: lines, rows: make(map[string]Row, h.Tasks)}
	if h.Zone != "" {
		var err error
		if b.Zone, err = time.LoadLocation(h.Zone); err != nil {
			return nil, fmt.Errorf("its base names the time zone %q, which is not known here", text.Clip(h.Zone, 80))
		}
	}
	for _, line := range lines[1:] {
		r, err := decodeRow(line, h.At)
		if err != nil {
			return nil, ErrAltered
		}
		b.rows[task.Key(r.ID)] = r
	}
	return b, nil
}

// more begins the members of a line that a sheet made for editing does not have. No text in JSON holds it, since its quotes are escaped.
const more = `,"` + foundMember + `":{`

func decodeRow(line string, at time.Time) (r Row, err error) {
	held, rest, lost := strings.Cut(line, more)
	if lost {
		var both struct{ Found, Wanted map[string]task.Value }
		if err := json.Unmarshal([]byte(`{"`+foundMember+`":{`+rest), &both); err != nil {
			return r, err
		}
		r.Found, r.Wanted = holding(both.Found), holding(both.Wanted)
		held += "}"
	}
	var values map[string]task.Value
	if err := json.Unmarshal([]byte(held), &values); err != nil {
		return r, err
	}
	r.Base = holding(values)
	r.ID, r.Read, r.Closes = values[task.IDName].String(), timeIn(values[readMember]), timeIn(values[closesMember])
	if r.Read.IsZero() {
		r.Read = at
	}
	return r, nil
}

func holding(values map[string]task.Value) *task.Base {
	b := new(task.Base)
	for name, v := range values {
		if p := task.Lookup(name); p != nil {
			b.Set(p, v)
		}
	}
	return b
}

// timeIn is a time in a base, or zero.
func timeIn(v task.Value) time.Time {
	at, err := time.Parse(time.RFC3339Nano, v.String())
	if err != nil {
		return time.Time{}
	}
	return at
}

// ReadFile reads the base that lies beside a CSV file; nil where none does.
func ReadFile(path string) (*Base, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("its base cannot be opened: %w", err)
	}
	defer f.Close()
	in := bufio.NewReaderSize(io.LimitReader(f, maxFile+1), 256<<10)
	var lines []string
	for size := 0; ; {
		line, err := in.ReadBytes('\n')
		if size += len(line); size > maxFile {
			return nil, fmt.Errorf("its base is too big: more than %d MiB", maxFile>>20)
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) > 0 {
			lines = append(lines, string(line))
		}
		switch {
		case err == io.EOF:
			b, err := Decode(lines)
			if err != nil {
				return nil, fmt.Errorf("%w (%s)", err, filepath.Base(path))
			}
			return b, nil
		case err != nil:
			return nil, fmt.Errorf("its base cannot be read: %w", err)
		}
	}
}

// SourceOf reads of a base beside a CSV file where the tasks of its sheet came from, and checks nothing else of it.
func SourceOf(path string) (Source, bool) {
	f, err := os.Open(path)
	if err != nil {
		return Source{}, false
	}
	defer f.Close()
	line, err := bufio.NewReader(io.LimitReader(f, 1<<16)).ReadBytes('\n')
	var h Header
	if err != nil || json.Unmarshal(line, &h) != nil || h.Format != Format {
		return Source{}, false
	}
	return h.Source, true
}
