package ingest

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type csvReading struct {
	lines  []int
	fields [][]string
	err    string
}

func viaRecords(text string, sep rune) csvReading {
	return recordsOf(newRecords(flowOf([]byte(text)), sep))
}

func recordsOf(r *records) (got csvReading) {
	for {
		line, cells, err := r.next()
		if err != nil {
			return got.end(err)
		}
		rec := record{cells: cells}
		rec.spell()
		var fields []string
		for _, c := range rec.cells {
			fields = append(fields, c.text)
		}
		got.lines, got.fields = append(got.lines, line), append(got.fields, fields)
	}
}

func viaEncodingCSV(text string, sep rune) (got csvReading) {
	for r := newCSVReader(strings.NewReader(text), sep); ; {
		fields, err := r.Read()
		if err != nil {
			return got.end(err)
		}
		line, _ := r.FieldPos(0)
		got.lines, got.fields = append(got.lines, line), append(got.fields, append([]string(nil), fields...))
	}
}

func (c csvReading) end(err error) csvReading {
	if !errors.Is(err, io.EOF) {
		c.err = err.Error()
	}
	return c
}

// Cutting lines gives what encoding/csv gives: the same records on the same lines, or the same error.
func TestRecordsAgree(t *testing.T) {
	pieces := []string{"a", "b c", ",", ",", ";", "\n", "\r\n", "\"", "\"\"", "\"x,y\"", "\"p\nq\"", "é", "·", " ", "\r", "\n\n"}
	quotes := 0
	rapid.Check(t, func(t *rapid.T) {
		text := ""
		for range rapid.IntRange(0, 14).Draw(t, "pieces") {
			text += rapid.SampledFrom(pieces).Draw(t, "piece")
		}
		sep := rapid.SampledFrom([]rune{',', ';', '·'}).Draw(t, "separator")
		want := viaEncodingCSV(text, sep)
		if got := viaRecords(text, sep); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q at %q: got %+v, want %+v", text, sep, got, want)
		}
		if want.err != "" {
			quotes++
		}
	})
	if quotes == 0 {
		t.Error("no text was refused")
	}
}

func FuzzRecords(f *testing.F) {
	for _, s := range []string{"a,b\n\"c\",d\n", "a\r\n\r\n\"b\r\nc\"\n", "a\r", "\"", ",\n\r\n,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := viaRecords(text, ','), viaEncodingCSV(text, ','); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %+v, want %+v", text, got, want)
		}
	})
}

// What every program writes must not be left to encoding/csv, or its speed is lost.
func TestRecordsCut(t *testing.T) {
	text := "id,\"a, b\",\"c \"\"d\"\"\",\"\"\r\n\"x\ny\",z,,\"\"\"\"\n\"last\",\"one\",1,2"
	r := newRecords(flowOf([]byte(text)), ',')
	r.buf = nil // encoding/csv would need it
	for range 3 {
		if _, cells, err := r.next(); err != nil || len(cells) != 4 {
			t.Fatalf("%d cells, %v", len(cells), err)
		}
	}
	if got, want := viaRecords(text, ','), viaEncodingCSV(text, ','); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
