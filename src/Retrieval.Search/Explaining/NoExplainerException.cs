using System.Globalization;
using Retrieval.Domain.Bundles;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Explaining;

/// <summary>The bundle that is served has no explainer, so no pair can be explained.</summary>
/// <param name="model">Name of the model and the beginning of its fingerprint.</param>
/// <param name="regions">How many regions its images may have: explainers are for one number of them.</param>
public sealed class NoExplainerException(string model, RegionRange regions)
    : RetrievalException($"the bundle {model} has no explainer; {(regions.IsFixed ? Again : string.Create(CultureInfo.InvariantCulture, $"it takes images of {regions} regions, and explainers are for bundles of one number of regions, exported with --regions N"))}")
{
    private const string Again = "export it again with models/exporter/export.py, which writes explainer.onnx for every system that has one, and ingest with it";
}
