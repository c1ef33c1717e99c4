package ingest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

// The limits of what is read. A million rows of 16 columns stay well inside them.
const (
	maxFileSize = 512 << 20 // bytes of the file as it lies on the disk
	maxCells    = 32 << 20  // rows times columns
	maxCellSize = 1 << 20   // bytes of the text of one cell
)

// StandardInput is the name under which Read takes Options.Stdin, and how messages then call the file.
const StandardInput, stdinName = "-", "stdin"

// Hidden says what to do with rows that a sheet does not show: people take only what they see for the wish.
type Hidden string

// The values of Options.Hidden.
const (
	HiddenStop    Hidden = "" // refuse the file where one of them holds anything
	HiddenInclude Hidden = "include"
	HiddenSkip    Hidden = "skip"
)

// Options say how a file is to be read; the zero value is the default.
type Options struct {
	Sheet     string      // worksheet to read, without regard to case; "" is the first visible one
	HeaderRow int         // row, in CSV line, that holds the header; 0 is the first with anything in it
	Hidden    Hidden      // hidden and filtered-out rows of a worksheet
	Password  string      // of an encrypted workbook
	Encoding  string      // of a CSV file, as CheckEncoding accepts it; "" is UTF-8, or UTF-16 where it shows
	Delimiter rune        // of a CSV file; 0 is what its sep= line says, else the one that fits the header
	Format    task.Format // timezone and date order of the cells; a nil zone is that of the sheet's base, else UTC
	Stdin     io.Reader   // what StandardInput reads
	Notes     bool        // a column named note is for texts that go to the service with status; else it is the user's own
	// OwnColumns are headers that are the user's own, though they are, or are nearly, the name of a property.
	OwnColumns []string

	basePath string // where the base may lie that the file itself does not hold
}

// Input is a file as it was understood.
type Input struct {
	File    string   // base name
	Sheet   string   // "" for CSV
	SHA256  string   // hex, over the bytes of the file
	Header  int      // row of the header, as Origin.Row
	Columns []string // the header's texts as seen, in file order; "" where data is under no header
	Rows    []Row    // every row with anything in it, in file order
	// Problems holds the problems of the header and then those of each row, in file order. The first
	// HeaderProblems of them are the header's: with any, no row can be trusted and none may be sent.
	Problems       []Problem
	HeaderProblems int
	Notices        []string // what the user should know and need not change
	// Base says what the rows that have a base are compared with; nil where none has.
	Base         *base.Source
	BaseLines    []string // of the sheet's base as it was read; nil where it has none
	IDColumn     int      // counted from 1; 0 where the header has none
	MergedHeader bool
	Widths       []xlsx.Width // of the sheet's columns; nil in CSV

	path   string
	state  os.FileInfo // of the file when it was read; nil for standard input
	readAt time.Time

	baseID  string
	header  *header
	format  task.Format
	written map[*task.Cell]string // what those dates held that are kept as an instant
}

// Row is one row of the input. A row with Problems is invalid; Desired then holds what was
// understood, and must not be sent.
type Row struct {
	Desired  task.Desired
	Problems []Problem
	SameAs   int // index of an earlier row with the same id and equal wishes, with which this one merges; else -1
}

// Read reads a CSV or XLSX file, or Options.Stdin where path is StandardInput; which of the two it is, its content decides and not its name.
// An error means that nothing of the file can be used: it is missing, damaged, encrypted, of another kind, or too big. It
// begins with the file's base name, and wraps the cause, such as fs.ErrNotExist. Everything that is wrong
// inside a readable file is in Input.Problems. The file is only read. Read may be called concurrently.
func Read(path string, o Options) (*Input, error) {
	name := nameOf(path)
	data, state, err := readSource(path, o.Stdin)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	in := &Input{File: name, path: path, state: state, readAt: time.Now()}
	if path != StandardInput {
		o.basePath = base.Path(path)
	}
	if err := readAny(in, data, o); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return in, nil
}

func readAny(in *Input, data []byte, o Options) error {
	kind, err := sniff(in.File, data)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(data)
	in.SHA256 = hex.EncodeToString(sum[:])
	switch {
	case kind == kindCSV && o.Sheet != "":
		return fmt.Errorf("is CSV and has no worksheet %q", o.Sheet)
	case kind == kindCSV:
		return readCSV(in, data, o)
	case kind == kindOLE:
		if data, err = decrypt(data, o.Password); err != nil {
			return err
		}
	}
	if o.Encoding != "" || o.Delimiter != 0 {
		return errors.New("is a workbook; --encoding and --delimiter are for CSV")
	}
	return readXLSX(in, data, o)
}

func decrypt(data []byte, password string) ([]byte, error) {
	if err := sniffOLE(data); err != nil {
		return nil, err
	}
	plain, err := xlsx.Decrypt(data, password)
	if errors.Is(err, xlsx.ErrNoPassword) {
		err = fmt.Errorf("%w; put its password into TASKRECON_WORKBOOK_PASSWORD, or into a file that --password-file names", err)
	}
	return plain, err
}
