package cli

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

	"github.com/urfave/cli/v2"

	"taskrecon/internal/graph"
)

// Bounds on where secrets come from.
const (
	maxSecretFile = 64 << 10         // bytes of a file with a secret, a token or a certificate
	secretTime    = 30 * time.Second // that a command may take to print one
	maxComplaint  = 500              // bytes of what a failing command says that are shown
	shortestWord  = 4                // letters of a word of the command that are not shown in it
)

// clientSecret finds the application's secret. The file or the command goes before the variable.
func (p *program) clientSecret(c *cli.Context, in *graph.SignIn) error {
	file, command := c.String("client-secret-file"), c.String("client-secret-command")
	if file != "" && command != "" {
		return usage("--client-secret-file and --client-secret-command exclude each other")
	}
	var err error
	switch {
	case file != "":
		if in.Secret, err = p.secretLine(file); err != nil {
			return usage("--client-secret-file: %s", err.Error())
		}
	case command != "":
		if in.Secret, err = p.printed(c.Context, command); err != nil {
			return usage("--client-secret-command: %s", err.Error())
		}
	}
	return nil
}

func (p *program) clientCertificate(c *cli.Context, in *graph.SignIn) error {
	in.CertificateName = p.setting(c, "client-certificate")
	if in.CertificateName == "" {
		return nil
	}
	var err error
	if in.Certificate, err = p.privateFile(in.CertificateName); err != nil {
		return usage("--client-certificate: %s", err.Error())
	}
	return nil
}

// tokenSource returns a function that reads an access token from where the flags say, again at each call, since it may be renewed there.
func (p *program) tokenSource(c *cli.Context) (func(context.Context) (string, error), error) {
	file, command := c.String("access-token-file"), c.String("access-token-command")
	if file != "" && command != "" {
		return nil, usage("--access-token-file and --access-token-command exclude each other")
	}
	if file != "" {
		return func(context.Context) (string, error) {
			token, err := p.secretLine(file)
			if err != nil {
				return "", fmt.Errorf("--access-token-file: %w", err)
			}
			return token, nil
		}, nil
	}
	return func(ctx context.Context) (string, error) {
		token, err := p.printed(ctx, command)
		if err != nil {
			return "", fmt.Errorf("--access-token-command: %w", err)
		}
		return token, nil
	}, nil
}

// secretLine reads the one line of a file with a secret.
func (p *program) secretLine(path string) (string, error) {
	data, err := p.privateFile(path)
	if err != nil {
		return "", err
	}
	line := strings.TrimRight(strings.TrimPrefix(string(data), "\ufeff"), "\r\n")
	if line == "" || strings.ContainsAny(line, "\r\n\x00") {
		return "", fmt.Errorf("%q does not hold one line with a secret", path)
	}
	return line, nil
}

// privateFile reads a file that only its owner may read.
func (p *program) privateFile(path string) ([]byte, error) {
	data, err := readSmall(path, maxSecretFile, func(info os.FileInfo) error {
		others := os.FileMode(0o077)
		if dir := p.env["CREDENTIALS_DIRECTORY"]; dir != "" && filepath.Dir(path) == filepath.Clean(dir) {
			others = 0o037 // systemd lets the service read it through an ACL, which shows as the group's
		}
		if info.Mode().Perm()&others != 0 && runtime.GOOS != "windows" {
			return fmt.Errorf("%q has mode %04o, so that others can get at the secret in it: chmod 600 %s", path, info.Mode().Perm(), shellQuote(path))
		}
		return nil
	})
	if errors.Is(err, errTooLarge) {
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

// printed runs a command in the shell and returns the first line of its output. Neither the command nor its output is in an error.
func (p *program) printed(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, secretTime)
	defer cancel()
	shell := []string{"sh", "-c"}
	if runtime.GOOS == "windows" {
		shell = []string{"cmd", "/c"}
	}
	cmd := exec.CommandContext(ctx, shell[0], append(shell[1:], command)...)
	for name, value := range p.env {
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
