package secret

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode"

	"taskrecon/internal/text"
)

// Bounds on where secrets come from.
const (
	maxSecretFile = 64 << 10         // bytes of a file with a secret, a token or a certificate
	secretTime    = 30 * time.Second // that a command may take to print one
	maxComplaint  = 500              // bytes of what a failing command says that are shown
	shortestWord  = 4                // letters of a word of the command that are not shown in it
)

// Source is where secrets are read: the environment of a process.
type Source struct {
	Env map[string]string
}

// Line reads the one line of a file with a secret.
func (s Source) Line(path string) (string, error) {
	data, err := s.File(path)
	if err != nil {
		return "", err
	}
	line := strings.TrimRight(strings.TrimPrefix(string(data), "\ufeff"), "\r\n")
	if line == "" || strings.ContainsAny(line, "\r\n\x00") {
		return "", fmt.Errorf("%q does not hold one line with a secret", path)
	}
	return line, nil
}

// File reads a file that only its owner may read.
func (s Source) File(path string) ([]byte, error) {
	data, err := Small(path, maxSecretFile, func(info os.FileInfo) error {
		others := os.FileMode(0o077)
		if dir := s.Env["CREDENTIALS_DIRECTORY"]; dir != "" && filepath.Dir(path) == filepath.Clean(dir) {
			others = 0o037 // systemd lets the service read it through an ACL, which shows as the group's
		}
		if info.Mode().Perm()&others != 0 && runtime.GOOS != "windows" {
			return fmt.Errorf("%q has mode %04o, so that others can get at the secret in it: chmod 600 %s", path, info.Mode().Perm(), text.ShellWord(path))
		}
		return nil
	})
	if errors.Is(err, ErrTooLarge) {
		return nil, fmt.Errorf("%q is larger than %d bytes, too large for a secret", path, maxSecretFile)
	}
	return data, err
}

// withoutWords is what a failing command says, without the words of the command, which may be secret: a shell repeats them.
func withoutWords(said, command string) string {
	words := strings.FieldsFunc(command, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("'\"`()$;|&<>=", r) })
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) }) // a part of a longer one comes after it
	var pairs []string
	for _, w := range words {
		if len(w) >= shortestWord {
			pairs = append(pairs, w, "...")
		}
	}
	return strings.NewReplacer(pairs...).Replace(said)
}

// Printed runs a command in the shell and returns the first line of its output. Neither the command nor its output is in an error.
func (s Source) Printed(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/c"}
	}
	cmd := exec.CommandContext(ctx, shell[0], append(shell[1:], command)...)
	for name, value := range s.Env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.WaitDelay = time.Second
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", fmt.Errorf("the command did not end within %s", secretTime)
	}
	if err != nil {
		said := strings.Join(strings.Fields(withoutWords(complaint.String(), command)), " ")
		if len(said) > maxComplaint {
			said = said[:maxComplaint]
		}
		return "", fmt.Errorf("the command failed (%w): %q", err, said)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, maxSecretFile)
	if !lines.Scan() || strings.TrimSpace(lines.Text()) == "" {
		return "", errors.New("the command ended well and printed no secret on its first line")
	}
	return strings.TrimSpace(lines.Text()), nil
}
