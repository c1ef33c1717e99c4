package ingest

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// sourceOf is bytes that are at hand.
func sourceOf(name string, data []byte) *source {
	return &source{name: name, size: int64(len(data)), in: bufio.NewReaderSize(bytes.NewReader(data), headSize), sum: sha256.New()}
}

// inPieces is a flow of a text whose pieces have so many bytes and a few.
func inPieces(text string, size int) *flow {
	s := sourceOf("in.csv", []byte(text))
	s.size = int64(size)
	return newFlow(s, &cleaner{hint: "mend it"})
}

// whole reads a flow to its end.
func (f *flow) whole() (string, error) {
	defer f.stop()
	for {
		if err := f.more(); err == io.EOF {
			return string(f.rest()), nil
		} else if err != nil {
			return "", err
		}
	}
}

func drawText(t *rapid.T) string {
	pieces := []string{"a", "b c", ",", ",", "\n", "\r\n", "\r", "\"", "\"\"", "\"x,y\"", "\"p\r\nq\"", "é", "€", "😀", "\n\n"}
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 20).Draw(t, "text"), "")
}

// Where a text is cut into pieces changes nothing of it.
func TestPiecesMakeTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t)
		var ends cleanEnds
		want := string(ends.unify(new([]byte), []byte(text)))
		if got, err := inPieces(text, rapid.IntRange(1, 9).Draw(t, "size")).whole(); got != want || err != nil {
			t.Fatalf("%q became %q, want %q (%v)", text, got, want, err)
		}
	})
}

// Records that are cut from pieces are what encoding/csv makes of the whole.
func TestRecordsOfPiecesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawText(t)
		var ends cleanEnds
		want := viaEncodingCSV(string(ends.unify(new([]byte), []byte(text))), ',')
		f := inPieces(text, rapid.IntRange(1, 9).Draw(t, "size"))
		defer f.stop()
		if got := recordsOf(newRecords(f, ',')); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %+v, want %+v", text, got, want)
		}
	})
}

// What is no text is named with its place in the whole file, wherever the pieces end.
func TestPlaceOfWhatIsNoText(t *testing.T) {
	naive := func(text string) (line, column int) {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
		return strings.Count(text, "\n") + 1, utf8.RuneCountInString(text[strings.LastIndexByte(text, '\n')+1:]) + 1
	}
	rapid.Check(t, func(t *rapid.T) {
		before := drawText(t)
		bad := rapid.SampledFrom([]string{"\x00", "\xff", "\xe2\x82", "\xc3("}).Draw(t, "bad")
		if bad == "(" && strings.HasSuffix(before, "\r") {
			return
		}
		line, column := naive(before)
		want := fmt.Sprintf("line %d, column %d holds", line, column)
		for _, after := range []string{"", "\n", "x,é\r\n"} {
			_, err := inPieces(before+bad+after, rapid.IntRange(1, 9).Draw(t, "size")).whole()
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Fatalf("%q: error %v, want %s", before+bad+after, err, want)
			}
		}
	})
}

// Reading that fails midway, and a parser that stops midway, end all that was begun.
func TestBrokenReading(t *testing.T) {
	broken := errors.New("the disk is gone")
	before := runtime.NumGoroutine()
	head := "id,status\n" + strings.Repeat("a-1,active\n", pieceSize/5)
	_, err := Read(StandardInput, Options{Stdin: io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken))})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("error %v, want %v", err, broken)
	}
	odd := "id,status\na\"b,active\n" + strings.Repeat("a-1,active\n", pieceSize/5)
	if _, err := Read(StandardInput, Options{Stdin: strings.NewReader(odd)}); err == nil || !strings.Contains(err.Error(), "line 2, column 2") {
		t.Errorf("error %v", err)
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// A record may be longer than a piece, and a quote that is never closed is named where it opens.
func TestRecordsLongerThanPieces(t *testing.T) {
	long := strings.Repeat("line\n", maxCellSize/5-1)
	text := "id,description\na,\"" + long + "\"\nb,\"" + long + "\"\n"
	in, err := Read(StandardInput, Options{Stdin: strings.NewReader(text)})
	must(t, err)
	if len(in.Rows) != 2 || in.Rows[1].Desired.Cell(1) != strings.TrimSpace(long) && in.Rows[1].Desired.Cell(1) != long {
		t.Fatalf("%d rows, %d problems", len(in.Rows), len(in.Problems))
	}
	_, err = Read(StandardInput, Options{Stdin: strings.NewReader(text + "c,\"" + strings.Repeat(long, 8))})
	want := fmt.Sprintf("line %d, column 3: the quote that opens here is never closed", 2*strings.Count(long, "\n")+4)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %s", err, want)
	}
}

// A file whose rows say the same again and again is never in memory as a whole.
func TestFileIsNotHeldWhole(t *testing.T) {
	const rows = 4000
	path := filepath.Join(t.TempDir(), "in.csv")
	var text strings.Builder
	text.WriteString("id,description\r\n")
	for i := range rows {
		fmt.Fprintf(&text, "t%d,\"%s\"\r\n", i, strings.Repeat("long ", 2000+i%3))
	}
	size := text.Len()
	must(t, os.WriteFile(path, []byte(text.String()), 0o600))
	text.Reset()
	high := peak(func() {
		in, err := Read(path, Options{})
		must(t, err)
		if len(in.Rows) != rows {
			t.Errorf("%d rows", len(in.Rows))
		}
	})
	if high > uint64(size)/4 {
		t.Errorf("%d bytes were alive at once for a file of %d", high, size)
	}
}
