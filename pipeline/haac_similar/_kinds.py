"""Kinds of objects: the 1,000 classes of ImageNet, which a network tells apart, in groups for which there is a plain word."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

CLASSES = 1000
SURE = 0.3
"""Probability from which on a kind is named."""

KINDS: dict[str, str] = {
    "fish": "0-6 389-397",
    "bird": "7-24 80-100 127-146",
    "amphibian": "25-32",
    "turtle": "33-37",
    "lizard": "38-50",
    "snake": "52-68",
    "spider": "70-79",
    "marsupial": "102-106",
    "shell or slug": "112-117",
    "crustacean": "118-126",
    "sea mammal": "147-150",
    "dog": "151-280",
    "cat": "281-293",
    "bear": "294-297 387-388",
    "insect": "300-326",
    "sea animal": "107-111 327-329",
    "rodent": "298-299 330-338 356-363",
    "hoofed animal": "339-355",
    "ape or monkey": "364-384",
    "elephant": "101 385-386",
    "road vehicle": (
        "407-408 436 468 479 511 555 561 569 573 575 581 586 595 609 621 627 654 656 660-661 675 717 734 "
        "751 757 779 803 817 829 847 856 864 866-867 874"
    ),
    "train": "466 547 565 705 820",
    "boat": "403 472 484 510 554 576 625 628 694 724 780 814 833 871 913-914",
    "aircraft": "404-405 417 657 701 744 812 895 908",
    "cycle": "444 665 670-671 870 880",
    "cart": "428 450 537 603 612 690 791 802",
    "string instrument": "402 420 486 546 594 889",
    "wind instrument": "432 513 558 566 593 683-684 699 776 875 902",
    "keyboard or drum": "401 494 541-542 577 579 641-642 687 822 881",
    "clothing": (
        "399-400 411 443 445 451 457 459 465 474 496 501 529 552 568 578 601 608 610 614 617 638-639 652 "
        "655 658 689 697 735 775 806 824 834 841-842 869 885 887 906 911"
    ),
    "shoe": "502 514 630 770 774",
    "headgear": "433 439 452 515 518 560 570 643 667 691 715 793 796 808 903",
    "armour": "461 490 524 787",
    "weapon": "413 456 471 597 763-764 777",
    "furniture": (
        "423 431 453 492-493 495 516 520 526 532 548 553 559 564 648 703 721 736 750 765 831 857 861 894"
    ),
    "lamp": "470 607 619 818 846 862",
    "building": (
        "406 410 425 437 442 448-449 483 497-498 500 538 580 598 624 634 649 663 668 682 698 706 727 743 "
        "762 832 853 858 863 873 884 900 915"
    ),
    "bridge or water works": "460 525 536 540 562 718 821 839 888",
    "shop": "415 424 454 467 509 582 788 860 865",
    "fence or screen": "421 489 556 716 782 789 794 799 825 854 877 904-905 912",
    "bottle or jar": "440 503 585 631 653 680 711 720 725 737 773 804 838 883 898-899 901 907",
    "cup or bowl": (
        "412 427 435 438 441 463 469 504-505 572 647 659 666 712 738 756 809 849 855 868 876 896 966-969"
    ),
    "pan or stove": "521 534 544-545 550 567 589 606 651 753 760 766 811 827 859 882 891 897 909",
    "tool": (
        "462 464 473 477 488 491 499 507 512 523 587 596 600 616 618 623 644 677 693 695-696 714 726 "
        "730-731 733 740 769 772 783-784 792 798 813 828 840 845 910"
    ),
    "screen or computer": (
        "480 508 527 590 592 613 620 662 664 673 681 688 713 742 745 800 810 851 878 886 916"
    ),
    "phone or player": "481-482 485 487 528 605 632 650 707 754 761 844 848",
    "camera or glass": "447 475 622 633 732 755 759 807 836-837 872",
    "clock or dial": "409 426 530-531 604 635 685 704 778 823 826 835 892",
    "ball": "429-430 522 574 722 746 768 805 852 890",
    "sport": "416 422 543 602 615 702 747 752 781 795 801 843 981 983",
    "bag or box": "414 446 478 519 549 588 636-637 669 692 709 719 728 748 771 790 797 893",
    "fruit or vegetable": "936-946 948-957 987-990 998",
    "mushroom": "947 991-997",
    "dish": "923-935 959-965",
    "landscape": "958 970 972-980 984",
    "flower": "985-986",
    "print or sign": "557 611 646 917-922",
}
"""Classes of each kind: first to last, by their index in the order of their WordNet ids. What stands nowhere is of no kind."""

NAMES = tuple(KINDS)


@cache
def membership() -> npt.NDArray[np.float32]:
    """(1000, kinds) 1 where a class is of a kind."""
    found = np.zeros((CLASSES, len(NAMES)), np.float32)
    for column, ranges in enumerate(KINDS.values()):
        for part in ranges.split():
            first, _, last = part.partition("-")
            found[int(first) : int(last or first) + 1, column] = 1
    return found


def kinds_of(probabilities: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(n, kinds) probabilities of kinds, from those of classes (n, 1000); what is left to 1 is of no kind."""
    if probabilities.shape[1] != CLASSES:  # of a network with other classes, nothing is known of kinds
        return np.zeros((len(probabilities), len(NAMES)), np.float32)
    return np.asarray(probabilities @ membership(), np.float32)
