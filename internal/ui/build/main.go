// Command build bundles the browser side into internal/ui/assets/dist.
//
// Every .ts and .css file directly in internal/ui/web is one bundle; what lies
// in its subfolders is imported by those. Names carry a hash of the content,
// manifest.json maps plain names to them, and each file is stored compressed
// as well. The same sources give the same bytes. Run it from the repository's
// root after npm ci:
//
//	go run ./internal/ui/build
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
)

const (
	webDir  = "internal/ui/web"
	distDir = "internal/ui/assets/dist"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("build: ")
	if _, err := os.Stat("node_modules"); err != nil {
		log.Fatal("no node_modules here: run npm ci in the repository's root first")
	}
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	entries, err := entryPoints(webDir)
	if err != nil {
		return err
	}
	used, err := wordsIn("internal")
	if err != nil {
		return err
	}
	outputs, manifest, err := bundle(entries, used)
	if err != nil {
		return err
	}
	if err := addStatic(filepath.Join(webDir, "static"), outputs, manifest); err != nil {
		return err
	}
	if err := clean(distDir); err != nil {
		return err
	}
	return store(distDir, outputs, manifest)
}

// entryPoints lists the bundles: the files directly in dir.
func entryPoints(dir string) ([]string, error) {
	var found []string
	for _, pattern := range []string{"*.ts", "*.css"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if !strings.HasSuffix(f, ".d.ts") {
				found = append(found, f)
			}
		}
	}
	slices.Sort(found)
	if len(found) == 0 {
		return nil, fmt.Errorf("no .ts or .css file in %s", dir)
	}
	return found, nil
}

// addStatic takes files as they are (the icon), with hashed names like bundles.
func addStatic(dir string, outputs map[string][]byte, manifest map[string]string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		body, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		ext := filepath.Ext(f.Name())
		sum := sha256.Sum256(body)
		hashed := fmt.Sprintf("%s-%X%s", strings.TrimSuffix(f.Name(), ext), sum[:4], ext)
		outputs[hashed], manifest[f.Name()] = body, hashed
	}
	return nil
}

type metafile struct {
	Outputs map[string]struct {
		EntryPoint string `json:"entryPoint"`
	} `json:"outputs"`
}

// bundle returns the files to store by name, and the manifest.
func bundle(entries []string, used wordSet) (map[string][]byte, map[string]string, error) {
	outputs, manifest := map[string][]byte{}, map[string]string{}
	// Styles and scripts are built apart: with splitting, esbuild would give
	// each script that imports CSS a style sheet of its own.
	for _, ext := range []string{".css", ".ts"} {
		var group []string
		for _, e := range entries {
			if filepath.Ext(e) == ext {
				group = append(group, e)
			}
		}
		if len(group) == 0 {
			continue
		}
		result := api.Build(options(group, used))
		if len(result.Errors) > 0 {
			text := api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage})
			return nil, nil, errors.New(strings.Join(text, "\n"))
		}
		for _, f := range result.OutputFiles {
			outputs[filepath.Base(f.Path)] = f.Contents
		}
		var meta metafile
		if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
			return nil, nil, fmt.Errorf("read esbuild's metafile: %w", err)
		}
		for out, info := range meta.Outputs {
			if info.EntryPoint == "" {
				continue
			}
			plain := strings.TrimSuffix(filepath.Base(info.EntryPoint), filepath.Ext(info.EntryPoint)) + filepath.Ext(out)
			manifest[plain] = filepath.Base(out)
		}
	}
	return outputs, manifest, nil
}

func options(entries []string, used wordSet) api.BuildOptions {
	return api.BuildOptions{
		EntryPoints:       entries,
		Bundle:            true,
		Splitting:         true,
		Format:            api.FormatESModule,
		Target:            api.ES2022,
		Engines:           []api.Engine{{Name: api.EngineChrome, Version: "123"}, {Name: api.EngineFirefox, Version: "125"}, {Name: api.EngineSafari, Version: "17.5"}},
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsEndOfFile,
		Charset:           api.CharsetUTF8,
		EntryNames:        "[name]-[hash]",
		ChunkNames:        "chunk-[hash]",
		AssetNames:        "[name]-[hash]",
		Outdir:            distDir,
		Metafile:          true,
		Write:             false,
		LogLevel:          api.LogLevelWarning,
		Define:            map[string]string{"process.env.NODE_ENV": `"production"`},
		Plugins:           []api.Plugin{purgeTabler(used)},
	}
}

// clean empties a folder of what an earlier run left, but for its placeholder.
func clean(dir string) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		if f.Name() == ".gitkeep" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// store writes the bundles, plain and compressed, and the manifest last.
func store(dir string, outputs map[string][]byte, manifest map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		body := outputs[name]
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o644); err != nil {
			return err
		}
		zipped, err := gzipped(body)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".gz"), zipped, 0o644); err != nil {
			return err
		}
		small, err := brotlied(body)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".br"), small, 0o644); err != nil {
			return err
		}
		log.Printf("%-28s %7d B  gzip %6d  brotli %6d", name, len(body), len(zipped), len(small))
	}
	raw, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "manifest.json"), append(raw, '\n'), 0o644)
}

func gzipped(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func brotlied(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w := brotli.NewWriterLevel(&b, brotli.BestCompression)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
