package screen

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Width is how many columns what is printed may take, on whatever it is printed.
const Width = 80

// Screen is a stream for people. It may take colours.
type Screen struct {
	io.Writer
	Colours bool
}

// New returns the screen of a stream: a terminal takes colours, unless the value of NO_COLOR says otherwise.
func New(stream io.Writer, noColor string) Screen {
	return Screen{stream, IsTerminal(stream) && noColor == ""}
}

// IsTerminal reports whether a stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Colour is a colour, as terminals number it.
type Colour string

// The colours.
const (
	Bold   Colour = "1"
	Red    Colour = "31"
	Green  Colour = "32"
	Yellow Colour = "33"
)

// Paint colours a text that has been made safe to show.
func (w Screen) Paint(c Colour, text string) string {
	if !w.Colours || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}
