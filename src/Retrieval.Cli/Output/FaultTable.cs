using Retrieval.Storage.Local.Verification;
using Retrieval.Terminal.Output;
using Spectre.Console.Rendering;

namespace Retrieval.Cli.Output;

/// <summary>Shows the damaged ranges of an index as a table.</summary>
internal static class FaultTable
{
    /// <summary>What an operator can do about data that differs from what was committed: nothing in the index can restore it.</summary>
    public const string Advice =
        "damaged data cannot be rebuilt from the index: put the file back from a backup, or ingest the sources into a new folder and serve that; a replica of a catalog fetches a new copy automatically";

    /// <summary>Whether any fault is in data, and not only in the manifest, which can be rebuilt.</summary>
    public static bool HasData(IEnumerable<IndexFault> faults) => faults.Any(fault => !fault.File.StartsWith("manifest", StringComparison.Ordinal));

    public static IRenderable Of(IEnumerable<IndexFault> faults)
    {
        var table = Tables.Titled("damaged", "file", "#from byte", "#to byte", "#first row", "#last row", "found");
        foreach (var fault in faults)
        {
            table.Add(fault.File, Units.Count(fault.FromByte), Units.Count(fault.ToByte), Units.Count(fault.FirstRow), Units.Count(fault.LastRow), fault.Reason);
        }

        return table;
    }
}
