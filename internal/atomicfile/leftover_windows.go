package atomicfile

import "os"

// hold has nothing to do: Windows removes no open file.
func hold(*os.File) bool { return true }

func removeUnheld(path string) {
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		os.Remove(path)
	}
}
