using Retrieval.Storage.Local.Manifest;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Verification;

/// <summary>
/// Checks what would be lost with a second fault: the manifest's other file, and the data from which a lost manifest is rebuilt.
/// </summary>
internal static class ManifestCheck
{
    private const string Remedy = "the next commit rewrites it, and so does 'retrieval index repair'";

    public static IEnumerable<IndexFault> Of(LocalIndex index)
    {
        foreach (var fault in index.ManifestFaults)
        {
            yield return Fault(fault.File, $"{fault.Reason}; {Remedy}");
        }

        // Earlier versions wrote neither a copy nor an origin; their indexes get both from the first writer that opens them. The
        // folder is gone if a compaction happened in between; then nothing has to be rebuilt from it.
        if (File.Exists(Path.Combine(index.Path, ManifestFile.CopyName)) && Directory.Exists(index.DataFolder) && DataOrigin.Read(index.DataFolder, out var reason) is null)
        {
            yield return Fault(Path.GetRelativePath(index.Path, Path.Combine(index.DataFolder, DataOrigin.FileName)), $"{reason}; {Remedy}");
        }
    }

    private static IndexFault Fault(string file, string reason) => new(file, 0, 0, 0, 0, reason);
}
