using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Tests;

/// <summary>A copy of a fixture bundle to be tampered with.</summary>
internal sealed class BundleCopy : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public BundleCopy(string bundle = Bundles.Fast) => Path = _folder.Copy(Bundles.PathOf(bundle), "bundle");

    public string Path { get; }

    public string this[string file] => System.IO.Path.Combine(Path, file);

    public void Edit(string file, Func<byte[], byte[]> edit) => File.WriteAllBytes(this[file], edit(File.ReadAllBytes(this[file])));

    /// <summary>Edits a file and its entry in the list of hashes, as somebody would who knows the format.</summary>
    public void EditWithHash(string file, Func<byte[], byte[]> edit)
    {
        Edit(file, edit);
        var content = File.ReadAllBytes(this[file]);
        Manifest(manifest => manifest["files"]![file] = new JsonObject
        {
            ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(content)),
            ["bytes"] = content.Length,
        });
    }

    public void Manifest(Action<JsonNode> edit)
    {
        var manifest = JsonNode.Parse(File.ReadAllBytes(this["bundle.json"]))!;
        edit(manifest);
        File.WriteAllText(this["bundle.json"], manifest.ToJsonString());
    }

    public MatchingModel Load() => Bundles.Load(Path);

    /// <summary>Loads and expects a refusal that says all of <paramref name="words"/>.</summary>
    public InvalidBundleException Refused(params string[] words)
    {
        var error = Assert.Throws<InvalidBundleException>(() => Load().Dispose());
        Assert.All(words, word => Assert.Contains(word, error.Reason, StringComparison.Ordinal));
        Assert.Contains(Path, error.Message, StringComparison.Ordinal);
        return error;
    }

    public void Dispose() => _folder.Dispose();
}
