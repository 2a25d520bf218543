using Retrieval.Domain.Images;

namespace Retrieval.Domain.Tests.Images;

public sealed class ImageBoundsTests
{
    private static readonly ImageBounds Bounds = new() { MaxCaptions = 3, MaxCaptionBytes = 100, MaxMetadataBytes = 50 };

    [Theory]
    [InlineData(3, 100, null)]
    [InlineData(4, 0, "4 captions, expected at most 3 an image")]
    [InlineData(0, 101, "101 bytes of captions together, expected at most 100 an image")]
    [InlineData(4, 101, "4 captions, expected at most 3 an image")]
    public void Captions_are_bounded_in_number_and_in_bytes(int captions, long bytes, string? reason) =>
        Assert.Equal(reason, Bounds.CheckCaptions(captions, bytes));

    [Theory]
    [InlineData(50, null)]
    [InlineData(51, "51 bytes of metadata as compact JSON, expected at most 50 an image")]
    public void Metadata_are_bounded_in_bytes(long bytes, string? reason) => Assert.Equal(reason, Bounds.CheckMetadata(bytes));

    [Fact]
    public void An_answer_has_room_for_every_text_escaped_and_every_captions_id() =>
        Assert.Equal(50 + (6 * 100) + (3 * ((2 * 1024) + 32)), Bounds.LargestAnswerBytes());

    [Fact]
    public void What_is_chosen_by_default_is_within_the_format()
    {
        Assert.Equal((16_384, 1000, 262_144), (ImageBounds.Default.MaxMetadataBytes, ImageBounds.Default.MaxCaptions, ImageBounds.Default.MaxCaptionBytes));
        Assert.Equal((1_048_576, 10_000, 1_048_576), (ImageBounds.OfFormat.MaxMetadataBytes, ImageBounds.OfFormat.MaxCaptions, ImageBounds.OfFormat.MaxCaptionBytes));
    }
}
