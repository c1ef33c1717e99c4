package secret

import (
	"errors"
	"io"
	"os"
)

// ErrTooLarge is the error of a file that is larger than it may be.
var ErrTooLarge = errors.New("the file is larger than what it is named for can be")

// Small reads a file of most bytes or fewer, provided that fit, where it is not nil, has nothing against it. A larger one
// is ErrTooLarge.
func Small(path string, most int64, fit func(os.FileInfo) error) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if fit != nil {
		info, err := f.Stat() // of what is open, not of what may be there by then
		if err == nil {
			err = fit(info)
		}
		if err != nil {
			return nil, err
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = ErrTooLarge
	}
	return data, err
}
