package cli

import (
	"errors"
	"io"
	"os"
)

var errTooLarge = errors.New("the file is larger than what it is named for can be")

// readSmall reads a file of most bytes or fewer, provided that fit, where it is not nil, has nothing against it. A larger one
// is errTooLarge.
func readSmall(path string, most int64, fit func(os.FileInfo) error) ([]byte, error) {
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
		err = errTooLarge
	}
	return data, err
}
