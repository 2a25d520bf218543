using Retrieval.Domain.Errors;
using Retrieval.Domain.Text;

namespace Retrieval.Inference.Bundles;

/// <summary>What a bundle's text encoder is given: captions as token ids, by the bundle's vocabulary and token rules.</summary>
public static class BundleCaptions
{
    /// <summary>The encoder of captions of a bundle.</summary>
    /// <exception cref="InvalidBundleException">The vocabulary cannot be read, or has another size than the manifest says.</exception>
    public static CaptionEncoder Read(VerifiedBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        try
        {
            var file = bundle.Manifest.VocabularyFile;
            using var stream = new MemoryStream(bundle.Content(file), writable: false);
            var vocabulary = Vocabulary.Read(stream, file);
            return vocabulary.Count == bundle.Manifest.VocabularySize
                ? new CaptionEncoder(vocabulary, bundle.Manifest.Tokens)
                : throw new InvalidBundleException(bundle.Path, $"{file} has {vocabulary.Count} words; the manifest says vocabulary.size {bundle.Manifest.VocabularySize}");
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidBundleException(bundle.Path, exception.Message, exception);
        }
    }
}
