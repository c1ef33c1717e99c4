package exit

import (
	"errors"
	"fmt"
)

// Exit codes. Meanings says what each of them means.
const (
	Done        = 0
	Failed      = 1
	Differences = 2
	Partial     = 3
	Input       = 4
	Temporary   = 5
	Limit       = 6
	Stale       = 7
	Budget      = 8
	Deadline    = 10
	Locked      = 11
	Usage       = 64
	Interrupt   = 130 // SIGINT
	Terminated  = 143 // SIGTERM, SIGHUP
)

// Meaning is what an exit code says: Words in any case, and Detail where there is room for it.
type Meaning struct {
	Code          int
	Words, Detail string
}

// Meanings lists every exit code in ascending order.
var Meanings = []Meaning{
	{Done, "done", "everything wanted is in place, or a plan was made"},
	{Failed, "the run failed", "sign-in, network, tenant"},
	{Differences, "some row is neither unchanged nor invalid", "only with --detailed-exitcode"},
	{Partial, "finished, but some rows are not as wanted", "failed, conflict, differs, unknown, notFound, wrongType, invalid, notSent"},
	{Input, "input rejected, nothing sent", ""},
	{Temporary, "stopped by temporary trouble, run again", ""},
	{Limit, "a safety limit refused it, nothing sent", "or no signer signed the plan"},
	{Stale, "the saved plan is stale, nothing sent", "under --on-conflict abort"},
	{Budget, "stopped part-way by errors", "the error budget, or the canary"},
	{Deadline, "the deadline passed", ""},
	{Locked, "another run holds the lock", ""},
	{Usage, "the command line or the configuration file is wrong", ""},
	{Interrupt, "interrupted", "SIGINT"},
	{Terminated, "terminated", "SIGTERM"},
}

// Words returns the words for a code; those of Failed for one that is unknown.
func Words(code int) string {
	for _, m := range Meanings {
		if m.Code == code {
			return m.Words
		}
	}
	return Meanings[Failed].Words
}

// String is the whole meaning: "WORDS (DETAIL)".
func (m Meaning) String() string {
	if m.Detail == "" {
		return m.Words
	}
	return m.Words + " (" + m.Detail + ")"
}

// Error is an error with the exit code that it ends the program with and, where there is one, what to do about it.
type Error struct {
	Code int
	Err  error
	Hint string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with a text as [fmt.Errorf] makes it, so %w wraps. The hint may be "".
func Errorf(code int, hint, format string, args ...any) *Error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...), Hint: hint}
}

// Code returns the exit code of an error: Done for nil, that of the first Error in its chain, else Failed.
func Code(err error) int {
	var e *Error
	switch {
	case err == nil:
		return Done
	case errors.As(err, &e):
		return e.Code
	}
	return Failed
}
