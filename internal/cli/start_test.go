package cli

import (
	"io"
	"testing"
)

// BenchmarkStart is what the program costs before a command begins.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		if code := run(b.Context(), []string{"taskrecon", "version"}, nil, nil, io.Discard, io.Discard); code != 0 {
			b.Fatal(code)
		}
	}
}
