using Retrieval.Search.Images;
using Retrieval.Search.Queries;

namespace Retrieval.Server.Answers;

/// <summary>One image of the index.</summary>
internal sealed class ImageResult(ImageAnswer image) : Answer
{
    public override void Dispose() => image.Dispose();

    protected override ValueTask WriteAsync(JsonOut json, CancellationToken cancellationToken) => AnswerParts.ImageAsync(json, image, cancellationToken);

    protected override async ValueTask<long> FitAsync(long mostBytes)
    {
        var bytes = await CountAsync(WriteAsync).ConfigureAwait(false);
        return bytes <= mostBytes ? bytes : throw AnswerTooLongException.OfImage(bytes, mostBytes);
    }

    protected override void RequireWhole() => image.RequireWhole();
}
