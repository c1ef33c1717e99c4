//go:build slow

package cli

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestSlowReleaseIsReproducible makes a release for this machine: the script itself compares two builds. What it leaves
// bears the version, no path of the machine that built it, and the sums that it says.
func TestSlowReleaseIsReproducible(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	dir := filepath.Join(temp, "dist")
	target := runtime.GOOS + "/" + runtime.GOARCH
	cmd := exec.Command(filepath.Join(root, "scripts", "release"), "9.8.7-rc.1", dir, target)
	cmd.Env = append(os.Environ(), "TASKRECON_SBOM=off", "TMPDIR="+temp)
	said, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(said), "the same from two directories") {
		t.Fatalf("%v\n%s", err, said)
	}
	name := "taskrecon-9.8.7-rc.1-" + strings.ReplaceAll(target, "/", "-")
	binary, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{root, temp} {
		if bytes.Contains(binary, []byte(path)) {
			t.Errorf("the binary has the path %s in it", path)
		}
	}
	sum := sha256.Sum256(binary)
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if want := hex.EncodeToString(sum[:]) + "  " + name + "\n"; err != nil || string(sums) != want {
		t.Errorf("SHA256SUMS is %q, want %q: %v", sums, want, err)
	}
	out, err := exec.Command(filepath.Join(dir, name), "version").Output()
	if err != nil || !strings.HasPrefix(string(out), "taskrecon 9.8.7-rc.1 go1") {
		t.Errorf("it calls itself %q: %v", out, err)
	}
}
