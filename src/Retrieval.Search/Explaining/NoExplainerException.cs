using Retrieval.Domain.Errors;

namespace Retrieval.Search.Explaining;

/// <summary>The bundle that is served has no explainer, so no pair can be explained.</summary>
/// <param name="model">Name of the model and the beginning of its fingerprint.</param>
public sealed class NoExplainerException(string model)
    : RetrievalException($"the bundle {model} has no explainer; export it again with models/exporter/export.py, which writes explainer.onnx for every system that has one, and ingest with it")
{
}
