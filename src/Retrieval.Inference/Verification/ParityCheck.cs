using Retrieval.Inference.Bundles;
namespace Retrieval.Inference.Verification;
internal static class ParityCheck { public static ParityReport Run(VerifiedBundle bundle, MatchingModel model) => throw new InvalidOperationException($"{bundle.Path} {model.Label}"); }
