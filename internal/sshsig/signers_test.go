package sshsig_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/sshsig"
)

// allowedSigners are files of allowed signers, in which KEY and OTHER are keys, with the names for which KEY may sign.
var allowedSigners = []struct{ file, names string }{
	{"alice KEY", "alice"},
	{"# who\n\n\talice\tKEY a comment\r\n", "alice"},
	{"Alice KEY", "Alice"},
	{"alice OTHER\nbob KEY", "bob"},
	{"alice,bob KEY", "alice,bob"},
	{"!alice KEY", ""},
	{"!alice,!bob KEY", ""},
	{"!* KEY", ""},
	{"*,!* KEY", ""},
	{"* KEY", "*"},
	{"*,!alice KEY", "*"},
	{"alice,!alice KEY", ""},
	{"!alice,alice,bob KEY", "bob"},
	{"alice,!bob KEY", "alice"},
	{"alice,!al* KEY", ""},
	{"alice,al?x,!a?ice KEY", "al?x"},
	{"*@contoso.com,!ops@contoso.com KEY", "*@contoso.com"},
	{"!alice KEY\nbob KEY", "bob"},
	{"alice,,bob KEY", "alice,bob"},
	{`"alice bob" KEY`, "alice bob"},
	{`"alice,!alice" KEY`, ""},
	{`al"ice KEY`, ""},
	{`alice namespaces="taskrecon" KEY`, "alice"},
	{`alice NAMESPACES="file,task*" KEY`, "alice"},
	{`alice namespaces="a b,taskrecon"  KEY`, "alice"},
	{`alice namespaces="a\"b,taskrecon" KEY`, "alice"},
	{`alice namespaces="file" KEY`, ""},
	{`alice namespaces="*,!taskrecon" KEY`, ""},
	{`alice namespaces="!file" KEY`, ""},
	{`alice namespaces="" KEY`, ""},
	{`alice namespaces=taskrecon KEY`, ""},
	{`alice namespaces="taskrecon",namespaces="*" KEY`, ""},
	{`alice namespaces="taskrecon", KEY`, ""},
	{`alice valid-after="20200101" KEY`, "alice"},
	{`alice valid-after="20990101" KEY`, ""},
	{`alice valid-before="20200101" KEY`, ""},
	{`alice valid-before="20990101120000Z" KEY`, "alice"},
	{`alice valid-after="202001011200",valid-before="20990101" KEY`, "alice"},
	{`alice valid-after="20990101",valid-before="20200101" KEY`, ""},
	{`alice valid-after="2020" KEY`, ""},
	{"alice valid-before=\"20200101\" KEY\nbob KEY", "bob"},
	{"alice cert-authority KEY", ""},
	{"alice CERT-AUTHORITY KEY\nbob KEY", "bob"},
	{"alice no-touch-required KEY", ""},
	{`alice cert-authority,namespaces="x" KEY`, ""},
	{`alice namespaces="taskrecon"x KEY`, ""},
	{"alice garbage\nbob KEY", "bob"},
	{"alice", ""},
	{"", ""},
	{`alice namespaces="ta**k?e*c**n" KEY`, "alice"},
	{`alice namespaces="t*recon?" KEY`, ""},
	{`alice namespaces="?" KEY`, ""},
	{strings.Repeat("a", 1022) + ",alice KEY", strings.Repeat("a", 1022) + ",alice"},
	{strings.Repeat("a", 1023) + ",alice KEY", ""},
}

func TestSignersWhoMaySign(t *testing.T) {
	path, key := newKey(t)
	_, other := newKey(t)
	keys := strings.NewReplacer("KEY", strings.TrimSpace(key), "OTHER", strings.TrimSpace(other))
	sig := signed(t, path)
	for _, c := range allowedSigners {
		names, err := sshsig.Check(sig, someText, strings.NewReader(keys.Replace(c.file)))
		if names != c.names || (err == nil) != (c.names != "") {
			t.Errorf("%.80q: %.80q, %v; want %.80q", c.file, names, err, c.names)
		}
	}
}

// TestSignersAsSSHKeygen holds the table against the program whose rules these are.
func TestSignersAsSSHKeygen(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	path, key := newKey(t)
	_, other := newKey(t)
	keys := strings.NewReplacer("KEY", strings.TrimSpace(key), "OTHER", strings.TrimSpace(other))
	dir := t.TempDir()
	signers, file := filepath.Join(dir, "signers"), filepath.Join(dir, "ledger.sig")
	if err := os.WriteFile(file, signed(t, path), 0o600); err != nil {
		t.Fatal(err)
	}
	accepts := func(name string) bool {
		verify := exec.CommandContext(t.Context(), keygen, "-Y", "verify", "-f", signers, "-I", name, "-n", sshsig.Namespace, "-s", file)
		verify.Stdin = bytes.NewReader(someText)
		return verify.Run() == nil
	}
	for _, c := range allowedSigners {
		if err := os.WriteFile(signers, []byte(keys.Replace(c.file)), 0o600); err != nil {
			t.Fatal(err)
		}
		if c.names != "" {
			for _, name := range strings.Split(c.names, ",") {
				if !accepts(name) {
					t.Errorf("%.80q: ssh-keygen refuses %.80q", c.file, name)
				}
			}
			continue
		}
		for _, name := range []string{"alice", "bob"} {
			if strings.Contains(c.file, name) && accepts(name) {
				t.Errorf("%.80q: ssh-keygen accepts %q", c.file, name)
			}
		}
	}
}

func TestSignerIsValidInTime(t *testing.T) {
	path, key := newKey(t)
	synctest.Test(t, func(t *testing.T) { // its clock begins on 2000-01-01 at midnight UTC
		sig := signed(t, path)
		signers := `ops valid-after="20000102Z",valid-before="200001041200Z" ` + key
		for _, tt := range []struct {
			sleep time.Duration
			want  string
		}{{23 * time.Hour, ""}, {time.Hour, "ops"}, {60 * time.Hour, "ops"}, {time.Second, ""}} {
			time.Sleep(tt.sleep)
			if who, _ := sshsig.Check(sig, someText, strings.NewReader(signers)); who != tt.want {
				t.Errorf("%s: %q", time.Now(), who)
			}
		}
	})
}
