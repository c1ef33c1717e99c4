//go:build unix

package job

import (
	"io/fs"
	"syscall"
)

// dontFollow opens no link, and does not wait for what is no file.
const dontFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// links is how many names a file has.
func links(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(s.Nlink)
	}
	return 1
}
