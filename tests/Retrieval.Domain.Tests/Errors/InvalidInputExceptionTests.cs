using Retrieval.Domain.Errors;

namespace Retrieval.Domain.Tests.Errors;

public sealed class InvalidInputExceptionTests
{
    [Theory]
    [InlineData(null, null, null, "is wrong")]
    [InlineData("a.npy", null, null, "a.npy: is wrong")]
    [InlineData(null, 1234L, null, "row 1234: is wrong")]
    [InlineData(null, null, "caption", "caption: is wrong")]
    [InlineData("a.npy", 0L, null, "a.npy, row 0: is wrong")]
    [InlineData(null, 7L, "boxes", "row 7, boxes: is wrong")]
    [InlineData("a.npy", 7L, "boxes", "a.npy, row 7, boxes: is wrong")]
    public void The_message_names_the_place_before_the_reason(string? file, long? row, string? field, string message)
    {
        var error = new InvalidInputException("is wrong", file, row, field);

        Assert.Equal(message, error.Message);
        Assert.Equal(("is wrong", file, row, field), (error.Reason, error.File, error.Row, error.Field));
    }
}
