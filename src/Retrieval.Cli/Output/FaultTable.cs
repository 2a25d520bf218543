using Retrieval.Storage.Local.Verification;
using Spectre.Console.Rendering;

namespace Retrieval.Cli.Output;

/// <summary>Damaged places of an index as a table.</summary>
internal static class FaultTable
{
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
