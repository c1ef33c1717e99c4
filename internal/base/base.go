package base

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"path/filepath"
	"strings"
	"time"

	"taskrecon/internal/task"
)

// Name is the header of the column that ties a row to its base, and the name of the sheet that holds the base.
const Name = "taskrecon base"

// Chunk is how much of a line one cell takes. A longer line goes on in the cells beside it.
const Chunk = 32000

// Chunks are the parts of a line that take a cell each.
func Chunks(line string) (parts []string) {
	for len(line) > Chunk {
		parts, line = append(parts, line[:Chunk]), line[Chunk:]
	}
	return append(parts, line)
}

// Format is the version of the lines that this package writes and reads.
const Format = 2

// Path is where the base of a CSV file lies: tasks.base.jsonl for tasks.csv.
func Path(sheet string) string {
	return strings.TrimSuffix(sheet, filepath.Ext(sheet)) + ".base.jsonl"
}

// Source says where and when a base was read.
type Source struct {
	Tenant string    `json:"tenant"`
	Cloud  string    `json:"cloud"`
	At     time.Time `json:"at"`
	Zone   string    `json:"timezone,omitempty"` // of dates that carry no offset, by its IANA name; "" where the sheet has none

	Columns []string `json:"columns,omitempty"` // the header of the sheet, in its order
	Undoes  string   `json:"undoes,omitempty"`  // id of the run that the sheet takes back; "" for one that takes none back
}

// Header is the first line of a base.
type Header struct {
	Format int    `json:"taskreconBase"`
	ID     string `json:"id,omitempty"` // hash of all that the base says beside it
	Source
	Tasks int `json:"tasks"`
}

// Row is what a base says of one task. In a sheet made for editing that is what the task held. A report's Failures sheet says of each
// wish that did not come in place more: the value that it was compared with, the value found, and the wish itself.
type Row struct {
	*task.Base
	Found, Wanted *task.Base // nil in a sheet made for editing; they have no use for id and times
}

// The members of a line that are no properties. A line without the time when it was read has that of the header.
const (
	readMember   = "baseRead"
	closesMember = "baseCloses"
	foundMember  = "found"
	wantedMember = "wanted"
)

// Line is the line of a row. It is ASCII, so that no program between can take it for something else.
func Line(r Row) (string, error) {
	var out strings.Builder
	id, err := ascii(r.ID)
	if err != nil {
		return "", err
	}
	out.WriteString(`{"id":` + id)
	for _, at := range []struct {
		name string
		time time.Time
	}{{readMember, r.Read}, {closesMember, r.Closes}} {
		if !at.time.IsZero() {
			fmt.Fprintf(&out, `,%q:%q`, at.name, at.time.UTC().Format(time.RFC3339Nano))
		}
	}
	values, err := members(r.Base)
	if err != nil {
		return "", err
	}
	out.WriteString(values)
	for _, more := range []struct {
		name string
		held *task.Base
	}{{foundMember, r.Found}, {wantedMember, r.Wanted}} {
		if more.held == nil {
			continue
		}
		if values, err = members(more.held); err != nil {
			return "", err
		}
		fmt.Fprintf(&out, `,%q:{%s}`, more.name, strings.TrimPrefix(values, ","))
	}
	out.WriteByte('}')
	return out.String(), nil
}

// members are the known properties in table order, each behind a comma.
func members(b *task.Base) (string, error) {
	var out strings.Builder
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

// Sum takes the lines of the tasks, in their order, and makes of them the header and the hash. The zero Sum is ready.
type Sum struct {
	lines hash.Hash
	tasks int
}

// Add takes the next line.
func (s *Sum) Add(line string) {
	if s.lines == nil {
		s.lines = sha256.New()
	}
	fmt.Fprintln(s.lines, line)
	s.tasks++
}

// Header is the line that comes before those that were added, and the hash that ties rows to them. Nothing may be added after.
func (s *Sum) Header(from Source) (id, line string, err error) {
	from.At = from.At.UTC().Truncate(time.Millisecond)
	h := Header{Format: Format, Source: from, Tasks: s.tasks}
	if h.ID, err = s.id(h); err != nil {
		return "", "", err
	}
	line, err = ascii(h)
	return h.ID, line, err
}

// id is the hash of the lines that were added and of a header.
func (s *Sum) id(h Header) (string, error) {
	h.ID = ""
	first, err := ascii(h)
	if err != nil {
		return "", err
	}
	if s.lines == nil {
		s.lines = sha256.New()
	}
	fmt.Fprintln(s.lines, first)
	return hex.EncodeToString(s.lines.Sum(nil)[:8]), nil
}

// Encode makes the lines of a base, the header first, and the hash that ties rows to it.
func Encode(rows []Row, from Source) (id string, lines []string, err error) {
	var sum Sum
	lines = make([]string, 1, len(rows)+1)
	for _, r := range rows {
		line, err := Line(r)
		if err != nil {
			return "", nil, err
		}
		sum.Add(line)
		lines = append(lines, line)
	}
	id, lines[0], err = sum.Header(from)
	return id, lines, err
}
