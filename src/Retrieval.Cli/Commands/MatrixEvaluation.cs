using Retrieval.Cli.Output;
using Retrieval.Domain.Errors;
using Retrieval.Domain.Evaluation;
using Retrieval.Features.Npy;
using Retrieval.Cli.Input;
using Retrieval.Terminal.Output;
using Spectre.Console;

namespace Retrieval.Cli.Commands;

/// <summary><c>retrieval evaluate --scores</c>.</summary>
internal static class MatrixEvaluation
{
    public static int Run(string path, int captionsPerImage, int folds, bool json)
    {
        var summary = Summarize(path, captionsPerImage, folds);
        if (json)
        {
            Printer.WriteJson(EvaluationView.Of(summary, folds), EvaluationView.Json);
            return ExitCodes.Ok;
        }

        var table = EvaluationTable.Create($"{Units.Count(summary.Images)} images of {captionsPerImage} captions{(folds > 1 ? $", mean of {folds} folds" : "")}", ["direction"]);
        EvaluationTable.AddRow(table, summary.ImageToText, ["image to text"]);
        EvaluationTable.AddRow(table, summary.TextToImage, ["text to image"]);
        Printer.Results.Write(table);
        Printer.Results.WriteLine($"sum of recalls: {Units.Fixed(summary.RecallSum, 1)}");
        return ExitCodes.Ok;
    }

    private static RetrievalSummary Summarize(string path, int captionsPerImage, int folds)
    {
        using var file = NpyFile.Open(path);
        file.RequireType(isFloat: true);
        var shape = file.Shape;
        if (shape.Count != 2 || shape[0] is 0 or > int.MaxValue || shape[1] != shape[0] * captionsPerImage)
        {
            throw new InvalidInputException($"({string.Join(", ", shape)}); expected (images, images × {captionsPerImage})", file.Name, field: "shape");
        }

        if (shape[0] * shape[1] > Array.MaxLength)
        {
            throw new InvalidInputException($"{shape[0] * shape[1]} scores; expected at most {Array.MaxLength}", file.Name, field: "shape");
        }

        var scores = new float[shape[0] * shape[1]];
        file.ReadRows(0, scores.AsSpan());
        try
        {
            return folds == 1
                ? RecallMetrics.Summarize(scores, (int)shape[0], captionsPerImage)
                : RecallMetrics.SummarizeFolds(scores, (int)shape[0], captionsPerImage, folds);
        }
        catch (InvalidInputException exception)
        {
            throw new InvalidInputException(exception.Reason, file.Name, innerException: exception);
        }
    }
}
