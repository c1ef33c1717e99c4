package job

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"taskrecon/internal/batch"
	"taskrecon/internal/exit"
)

// holder is the line of a lock file: the run that holds the lock, and what runs sent last. Every account may write into a
// machine-wide one, so that nothing else is believed of it than what it costs to wait for.
type holder struct {
	User    string    `json:"user,omitempty"`
	PID     int       `json:"pid,omitempty"` // 0 where no run holds the lock
	Host    string    `json:"host,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Last    time.Time `json:"last,omitzero"`    // when the last write left
	Writes  int       `json:"writes,omitempty"` // that left in the window before
}

const (
	maxHolder = 4096 // bytes that are read of a lock file
	lineWidth = 512  // of a line at least, so that a shorter one covers what stood there
)

func newHolder(operator string) holder {
	h := holder{PID: os.Getpid(), Started: time.Now().UTC().Truncate(time.Second)}
	h.Host, _ = os.Hostname() // it is only shown, and the pid says more
	h.User = operator
	if i := strings.LastIndexByte(operator, '@'); i >= 0 {
		h.User = operator[:i]
	}
	return h
}

// read takes over from a lock file what runs sent last, and opens it for the line of this one. A file that another account
// made without the right to write into it is locked all the same.
func (l *Lock) read(path string) {
	if h, ok := readHolder(path); ok {
		if now := time.Now(); h.Last.After(now) {
			h.Last = now // by another clock, or a lie
		}
		if h.Last.After(l.holder.Last) {
			l.holder.Last, l.holder.Writes = h.Last, max(h.Writes, 0)
		}
	}
	flag := os.O_WRONLY | dontFollow
	if lockable(path) != path {
		flag |= os.O_CREATE
	}
	if f, err := os.OpenFile(path, flag, ownMode); err == nil {
		l.notes = append(l.notes, f)
	}
}

// begin says in the lock files who holds the lock.
func (l *Lock) begin() {
	for _, f := range l.notes {
		_ = f.Truncate(0) // what a longer line left behind must not follow this one
	}
	l.writeHolder()
}

// writeHolder writes the line into the lock files. What cannot be written is missed only by those who wait for the lock.
func (l *Lock) writeHolder() {
	if len(l.notes) == 0 {
		return
	}
	line, err := json.Marshal(l.holder)
	if err != nil {
		return
	}
	line = append(line, bytes.Repeat([]byte(" "), max(0, lineWidth-1-len(line)))...)
	for _, f := range l.notes {
		_, _ = f.WriteAt(append(line, '\n'), 0)
	}
}

// Recent is what runs into the tenant sent last, whichever account ran them.
func (l *Lock) Recent() batch.RecentWrites {
	if l == nil {
		return batch.RecentWrites{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return batch.RecentWrites{Writes: l.holder.Writes, Last: l.holder.Last}
}

// readHolder reads the line of a lock file.
func readHolder(path string) (h holder, ok bool) {
	f, err := os.OpenFile(path, os.O_RDONLY|dontFollow, 0)
	if err != nil {
		return h, false
	}
	defer f.Close()
	line, err := io.ReadAll(io.LimitReader(f, maxHolder))
	return h, err == nil && json.Unmarshal(line, &h) == nil
}

// refused makes the error for a lock file that another run has locked. Its holder may be about to write into it.
func refused(path string, waited time.Duration) *exit.Error {
	hint := "wait for it with --lock-timeout, such as --lock-timeout 10m"
	if waited > 0 {
		hint = fmt.Sprintf("waited %s; a longer --lock-timeout waits longer", waited)
	}
	for range 5 {
		if h, ok := readHolder(path); ok && h.PID != 0 {
			return exit.Errorf(exit.Locked, hint, "another run holds the lock: %s, pid %d on host %s, since %s", shownWord(h.User), h.PID, shownWord(h.Host), h.Started.UTC().Format(time.RFC3339))
		}
		time.Sleep(10 * time.Millisecond)
	}
	return exit.Errorf(exit.Locked, hint, "another run holds the lock: it has not said who it is in %s", path)
}

// shownWord is a name from a lock file as it may be in a message.
func shownWord(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return '?'
	}, s)
	if r := []rune(s); len(r) > 64 {
		s = string(r[:64])
	}
	if s == "" {
		return "unknown"
	}
	return s
}
