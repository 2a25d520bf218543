using System.Globalization;
using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Local.Manifest;

/// <summary>The formats of a manifest that this version reads. It writes <see cref="Current"/>.</summary>
internal static class IndexFormat
{
    public const string Current = "retrieval-index/2";

    /// <summary>This format kept the position of a copy, as text, with the progress of ingestions.</summary>
    private const string First = "retrieval-index/1";

    private const string PositionKey = "catalog:";

    public static bool IsKnown(string? format) => format is Current or First;

    /// <summary>Converts a manifest of any known format to the current format.</summary>
    public static IndexManifest Upgrade(IndexManifest manifest)
    {
        if (manifest.Format == Current)
        {
            return manifest;
        }

        return manifest with
        {
            Format = Current,
            Ledger = [.. manifest.Ledger.Where(entry => PositionOf(entry) is null)],
            Follow = manifest.Ledger.Select(PositionOf).FirstOrDefault(position => position is not null),
        };
    }

    // Key "catalog:GUID/NUMBER", stamp "SINCE;SEEN;TOKEN".
    private static FollowPosition? PositionOf(SourceCheckpoint entry) =>
        entry.SourceKey.StartsWith(PositionKey, StringComparison.Ordinal)
        && entry.SourceKey[PositionKey.Length..].Split('/') is [var catalogText, var indexText]
        && Guid.TryParse(catalogText, out var catalog)
        && int.TryParse(indexText, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
        && entry.SourceStamp.Split(';') is [var sinceText, var seenText, var tokenText]
        && long.TryParse(sinceText, NumberStyles.None, CultureInfo.InvariantCulture, out var since)
        && long.TryParse(seenText, NumberStyles.None, CultureInfo.InvariantCulture, out var seen)
            ? new FollowPosition(catalog, index, entry.NextRow, since, entry.Completed, seen, Guid.TryParse(tokenText, out var token) ? token : null)
            : null;
}
