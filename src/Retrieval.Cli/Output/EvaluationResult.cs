using Retrieval.Search.Evaluation;
using Retrieval.Terminal.Output;

namespace Retrieval.Cli.Output;

/// <summary>The evaluation of one bundle.</summary>
/// <param name="Report">What was found.</param>
/// <param name="Device">Where the graphs ran.</param>
internal sealed record EvaluationResult(EvaluationReport Report, DeviceView Device)
{
    /// <summary>Writes the evaluations of one bundle, or of several on the same corpus.</summary>
    /// <param name="results">One for each bundle.</param>
    /// <param name="several">Whether several bundles were asked for: JSON is then a list.</param>
    /// <param name="format">How.</param>
    public static void Write(IReadOnlyList<EvaluationResult> results, bool several, ResultFormat format)
    {
        if (format != ResultFormat.Json)
        {
            EvaluationReportTables.Of(results).Write(format);
        }
        else if (several)
        {
            Printer.WriteJson(results.Select(EvaluationReportView.Of).ToList(), Printer.Json);
        }
        else
        {
            Printer.WriteJson(EvaluationReportView.Of(results[0]), Printer.Json);
        }
    }
}
