package xlsx

import (
	"errors"
	"fmt"
)

// limitError says that something, though whole, is more than is read.
type limitError string

func (e limitError) Error() string { return string(e) }

func damaged(format string, args ...any) error {
	return fmt.Errorf("is damaged: %w; get the file again from its source, or open it and save it again", fmt.Errorf(format, args...))
}

// broken is the error of a part that is damaged, or only beyond the limits. What names the part.
func broken(what string, err error) error {
	var beyond limitError
	if errors.As(err, &beyond) {
		return fmt.Errorf("is too big: %s: %w", what, err)
	}
	return damaged("%s: %w", what, err)
}

// clip shortens a text for a message.
func clip(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
