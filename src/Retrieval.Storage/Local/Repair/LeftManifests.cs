using System.Globalization;
using System.Text.RegularExpressions;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Manifest;

namespace Retrieval.Storage.Local.Repair;

/// <summary>What remains of an index's manifests, whole or in pieces.</summary>
internal sealed partial class LeftManifests
{
    private static readonly string[] Names = [ManifestFile.Name, ManifestFile.CopyName, ManifestFile.FormerName];

    private LeftManifests(IReadOnlyList<FoundManifest> whole, long lastGeneration)
    {
        Whole = whole;
        LastGeneration = lastGeneration;
    }

    /// <summary>The readable manifests, newest first.</summary>
    public IReadOnlyList<FoundManifest> Whole { get; }

    /// <summary>Highest generation that any of them names, including torn ones; 0 if none names any.</summary>
    public long LastGeneration { get; }

    /// <exception cref="IndexMismatchException">One of them has an unknown format.</exception>
    public static LeftManifests Read(string index)
    {
        var whole = new List<FoundManifest>();
        long last = 0;
        foreach (var name in Names)
        {
            var text = ManifestText.Read(index, name);
            if (text.Found is not null)
            {
                whole.Add(text.Found);
                // The former manifest exists only because there was one after it.
                last = Math.Max(last, text.Found.Manifest.Generation + (name == ManifestFile.FormerName ? 1 : 0));
            }
            else if (text.Fault is not null)
            {
                last = Math.Max(last, NamedIn(Path.Combine(index, name)));
            }
        }

        return new LeftManifests([.. whole.OrderByDescending(found => found.Manifest.Generation)], last);
    }

    /// <summary>Names of the existing files.</summary>
    public static IEnumerable<string> In(string index) => Names.Where(name => File.Exists(Path.Combine(index, name)));

    private static long NamedIn(string path)
    {
        try
        {
            // A flipped bit may have made the number very large. Generation numbers must not run out because of that.
            return GenerationMember().Match(File.ReadAllText(path)) is { Success: true, Groups: [_, var number] }
                && long.TryParse(number.Value, CultureInfo.InvariantCulture, out var generation) && generation < int.MaxValue ? generation : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    [GeneratedRegex("\"generation\": ([0-9]{1,18}),")]
    private static partial Regex GenerationMember();
}
